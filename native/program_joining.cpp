// Values side by side, added up, cut, brought into rows, and kept for the next step.
#include "program_parts.h"

namespace gatelet::GATELET_ISA {
namespace {

// Numbers of type T; a row beside rows is put into each of them.
template <class T>
class Concatenate : public Part {
 public:
  explicit Concatenate(const Description& d) : in_(d.inputs), out_(d.outputs[0]) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      T* y = step.at<T>(out_, b);
      const std::int64_t rows = step.rows(out_, b);
      for (std::int64_t r = 0; r < rows; ++r) {
        for (const Slot& in : in_) {
          std::memcpy(y, step.at<T>(in, b) + (in.rows == 1 ? 0 : r * in.width), bytes_of<T>(in.width));
          y += in.width;
        }
      }
    }
  }

 private:
  std::vector<Slot> in_;
  Slot out_;
};

// Weights: the constant, of one row or of all, or none. A row is added to each of rows, and a single number to all of a row.
// Sums of integers are exact, and kept within 16 bits.
class Add : public Part {
 public:
  explicit Add(const Description& d) : in_(d.inputs), out_(d.outputs[0]), clamped_(d.kind == "IntegerAdd") {
    if (d.weights.at(0).data != nullptr) constant_ = copied(d.weights[0]);
  }

  void run(const Step& step) override {
    const auto constants = static_cast<std::int64_t>(constant_.size());
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(out_, b);
      for (std::int64_t r = 0; r < rows; ++r) {
        float* y = step.at(out_, b) + r * out_.width;
        std::memset(y, 0, bytes_of(out_.width));
        if (constants > 0) add(y, constant_.data() + (constants > out_.width ? r * out_.width : 0), constants);
        for (const Slot& in : in_) add(y, step.at(in, b) + (in.rows == 1 ? 0 : r * in.width), in.width);
        for (std::int64_t j = 0; j < out_.width && clamped_; ++j) {
          y[j] = y[j] > 32767.0f ? 32767.0f : y[j] < -32768.0f ? -32768.0f : y[j];
        }
      }
    }
  }

 private:
  void add(float* y, const float* x, std::int64_t width) const {
    const std::int64_t stride = width == 1 ? 0 : 1;
    for (std::int64_t j = 0; j < out_.width; ++j) y[j] += x[j * stride];
  }

  std::vector<Slot> in_;
  Slot out_;
  bool clamped_;
  std::vector<float> constant_;
};

// Numbers in their order, as many as there is room for, and zeros after them.
template <class T>
class Reshaped : public Part {
 public:
  explicit Reshaped(const Description& d) : in_(d.inputs[0]), out_(d.outputs[0]) {}

  void run(const Step& step) override {
    const std::int64_t kept = smaller(in_.size(), out_.size());
    for (std::int64_t b = 0; b < step.streams; ++b) {
      T* y = step.at<T>(out_, b);
      std::memcpy(y, step.at<T>(in_, b), bytes_of<T>(kept));
      std::memset(y + kept, 0, bytes_of<T>(out_.size() - kept));
    }
  }

 private:
  Slot in_, out_;
};

// Settings: whether the last row is meant, else the first.
template <class T>
class Row : public Part {
 public:
  explicit Row(const Description& d) : in_(d.inputs[0]), out_(d.outputs[0]), last_(whole(d, 0) != 0) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t row = last_ ? larger(step.rows(in_, b) - 1, 0) : 0;
      std::memcpy(step.at<T>(out_, b), step.at<T>(in_, b) + row * in_.width, bytes_of<T>(in_.width));
    }
  }

 private:
  Slot in_, out_;
  bool last_;
};

// The former value of inputs[0], which is written elsewhere.
class Delay : public Part {
 public:
  explicit Delay(const Description& d) : in_(d.inputs[0]), out_(d.outputs[0]), state_(d.state) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      std::memcpy(step.at(out_, b), step.state(state_, b), bytes_of(in_.width));
    }
  }
  void end(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      std::memcpy(step.state(state_, b), step.at(in_, b), bytes_of(in_.width));
    }
  }

 private:
  Slot in_, out_;
  std::int64_t state_;
};

// Inputs: a value, its gate. State: the product of the gates so far.
class Remaining : public Part {
 public:
  explicit Remaining(const Description& d) : in_(d.inputs[0]), gate_(d.inputs[1]), out_(d.outputs[0]), state_(d.state) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const float *x = step.at(in_, b), *gate = step.at(gate_, b);
      float *kept = step.state(state_, b), *y = step.at(out_, b);
      for (std::int64_t j = 0; j < in_.width; ++j) y[j] = (kept[j] *= gate[j]) * x[j];
    }
  }

 private:
  Slot in_, gate_, out_;
  std::int64_t state_;
};

template <class From, class To>
std::unique_ptr<Part> converted(const Description& d) {
  return each_row<From, To>(d, [](const From* x, To* y, float*, std::int64_t F) {
    for (std::int64_t j = 0; j < F; ++j) y[j] = static_cast<To>(x[j]);
  });
}

}  // namespace

std::unique_ptr<Part> new_joining(const Description& d) {
  if (d.kind == "Concatenate") return of_type<Concatenate>(d);
  if (d.kind == "Add" || d.kind == "IntegerAdd") return std::make_unique<Add>(d);
  if (d.kind == "Segments" || d.kind == "Split") return of_type<Reshaped>(d);
  if (d.kind == "Row") return of_type<Row>(d);
  if (d.kind == "Delay") return std::make_unique<Delay>(d);
  if (d.kind == "Remaining") return std::make_unique<Remaining>(d);
  // of no plan: where an operation reads the other kind of numbers than its source writes
  if (d.kind == "to double") return converted<float, double>(d);
  if (d.kind == "to float") return converted<double, float>(d);
  return nullptr;
}

}  // namespace gatelet::GATELET_ISA
