// The last rows of a stream and the scale that they give themselves, in doubles: a window may lie far from zero.
#include "program_parts.h"

namespace gatelet::GATELET_ISA {
namespace {

// The newest row last. State: the rows.
template <class T>
class Window : public Part {
 public:
  explicit Window(const Description& d) : in_(d.inputs[0]), out_(d.outputs[0]), state_(d.state) {}

  void run(const Step& step) override {
    const auto row = static_cast<std::size_t>(out_.width) * sizeof(T);
    const std::size_t all = row * static_cast<std::size_t>(out_.rows);
    for (std::int64_t b = 0; b < step.streams; ++b) {
      std::byte* rows = step.state<std::byte>(state_, b);
      std::memmove(rows, rows + row, all - row);
      std::memcpy(rows + all - row, step.at<T>(in_, b), row);
      std::memcpy(step.at<T>(out_, b), rows, all);
    }
  }

 private:
  Slot in_, out_;
  std::int64_t state_;
};

// Runs body(x, rows, y) for the window of every stream.
template <class Body>
class OfWindow : public Part {
 public:
  OfWindow(const Description& d, Body body) : in_(d.inputs[0]), out_(d.outputs[0]), body_(body) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      *step.at<double>(out_, b) = body_(static_cast<const double*>(step.at<double>(in_, b)), step.rows(in_, b));
    }
  }

 private:
  Slot in_, out_;
  Body body_;
};

template <class Body>
std::unique_ptr<Part> of_window(const Description& d, Body body) {
  return std::make_unique<OfWindow<Body>>(d, body);
}

// Mean of what is observed; 0 where nothing is.
double observed_mean(const double* x, std::int64_t rows) {
  double sum = 0.0, count = 0.0;
  for (std::int64_t r = 0; r < rows; ++r) {
    if (!std::isnan(x[r])) sum += x[r], count += 1.0;
  }
  return count > 0.0 ? sum / count : 0.0;
}

double last_observed(const double* x, std::int64_t rows) {
  for (std::int64_t r = rows - 1; r >= 0; --r) {
    if (!std::isnan(x[r])) return x[r];
  }
  return 0.0;
}

double spread(const double* x, std::int64_t rows, double usual) {
  const double mean = observed_mean(x, rows);
  double squares = 0.0, count = 0.0, largest = 0.0;
  for (std::int64_t r = 0; r < rows; ++r) {
    if (std::isnan(x[r])) continue;
    squares += (x[r] - mean) * (x[r] - mean), count += 1.0;
    largest = std::fabs(x[r]) > largest ? std::fabs(x[r]) : largest;
  }
  const double deviation = count > 0.0 ? std::sqrt(squares / count) : 0.0;
  const double least = std::fmin(std::fmax(1e-3 * largest, 1e-6 * usual), 1e-2 * usual);
  return std::fmax(deviation, least);
}

// Inputs: x, center, scale. (x - center) / scale from doubles to floats, and back again from floats to doubles.
template <class X, class Y, bool back>
class Scale : public Part {
 public:
  explicit Scale(const Description& d)
      : in_(d.inputs[0]), center_(d.inputs[1]), scale_(d.inputs[2]), out_(d.outputs[0]) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const double center = *step.at<double>(center_, b), scale = *step.at<double>(scale_, b);
      const std::int64_t count = step.numbers(in_, b);
      const X* x = step.at<X>(in_, b);
      Y* y = step.at<Y>(out_, b);
      for (std::int64_t j = 0; j < count; ++j) {
        y[j] = static_cast<Y>(back ? x[j] * scale + center : (x[j] - center) / scale);
      }
    }
  }

 private:
  Slot in_, center_, scale_, out_;
};

// Inputs: center, scale. Settings: mean and spread of the training data.
template <class Y>
class Level : public Part {
 public:
  explicit Level(const Description& d)
      : center_(d.inputs[0]), scale_(d.inputs[1]), out_(d.outputs[0]), mean_(d.settings.at(0)), usual_(d.settings.at(1)) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      Y* y = step.at<Y>(out_, b);
      y[0] = kept((*step.at<double>(center_, b) - mean_) / usual_);
      y[1] = kept(std::log(*step.at<double>(scale_, b) / usual_));
    }
  }

 private:
  static Y kept(double x) { return static_cast<Y>(x > 10.0 ? 10.0 : x < -10.0 ? -10.0 : x); }

  Slot center_, scale_, out_;
  double mean_, usual_;
};

}  // namespace

// Settings of Center: whether the last one is meant; of Spread: the usual one; of Scale: whether back again.
std::unique_ptr<Part> new_window(const Description& d) {
  if (d.kind == "Window") return of_type<Window>(d);
  if (d.kind == "Center") return of_window(d, whole(d, 0) != 0 ? last_observed : observed_mean);
  if (d.kind == "Spread") {
    return of_window(d, [usual = d.settings.at(0)](const double* x, std::int64_t rows) { return spread(x, rows, usual); });
  }
  if (d.kind == "Scale") {
    if (whole(d, 0) != 0) return std::make_unique<Scale<float, double, true>>(d);
    if (d.doubles) return std::make_unique<Scale<double, double, false>>(d);
    return std::make_unique<Scale<double, float, false>>(d);
  }
  if (d.kind == "Level") return of_type<Level>(d);
  return nullptr;
}

}  // namespace gatelet::GATELET_ISA
