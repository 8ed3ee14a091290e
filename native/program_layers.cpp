// Layers without a state, and vectors of tokens.
#include "program_parts.h"

namespace gatelet::GATELET_ISA {
namespace {

// Weights: (O, I), (O) or none. Settings: the function.
class Dense : public Part {
 public:
  explicit Dense(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        function_(static_cast<Function>(whole(d, 0))),
        product_(d.weights[0].data, d.weights[1].data, out_.width, in_.width, d.rounded) {}

  void run(const Step& step) override {
    list_.resize(step.streams * in_.rows);
    std::int64_t count = 0;
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(in_, b);
      for (std::int64_t r = 0; r < rows; ++r, ++count) {
        list_.in[count] = step.at(in_, b) + r * in_.width;
        list_.out[count] = step.at(out_, b) + r * out_.width;
      }
    }
    product_.run(list_, count);
    for (std::int64_t k = 0; k < count; ++k) apply(function_, list_.out[k], out_.width);
  }

 private:
  Slot in_, out_;
  Function function_;
  Product<1> product_;
  RowList list_;
};

// Weights: the table (V, E). Settings: whether vectors are averaged; then the last axis holds parts, negative ones for nothing.
class Embedding : public Part {
 public:
  explicit Embedding(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        parts_(whole(d, 0) != 0 ? in_.width : 1),
        tokens_(d.weights[0].size / out_.width),
        table_(copied(d.weights[0])) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(out_, b);
      for (std::int64_t r = 0; r < rows; ++r) look_up(step.at(in_, b) + r * parts_, step.at(out_, b) + r * out_.width);
    }
  }

 private:
  void look_up(const float* x, float* y) const {
    const std::int64_t E = out_.width;
    float count = 0.0f;
    std::memset(y, 0, bytes_of(E));
    for (std::int64_t p = 0; p < parts_; ++p) {
      if (!(x[p] >= 0.0f && x[p] < static_cast<float>(tokens_))) continue;
      const float* row = table_.data() + static_cast<std::int64_t>(x[p]) * E;
      for (std::int64_t j = 0; j < E; ++j) y[j] += row[j];
      count += 1.0f;
    }
    for (std::int64_t j = 0; j < E && count > 1.0f; ++j) y[j] /= count;
  }

  Slot in_, out_;
  std::int64_t parts_, tokens_;
  std::vector<float> table_;
};

// Settings: buckets, spread, what stands before the first number, whether over rows. State, over steps: the former number.
class Pairs : public Part {
 public:
  explicit Pairs(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        state_(d.state),
        buckets_(whole(d, 0)),
        spread_(whole(d, 1)),
        first_(static_cast<float>(d.settings.at(2))),
        over_rows_(whole(d, 3) != 0) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      float first = first_;
      float& former = over_rows_ ? first : *step.state(state_, b);
      const std::int64_t count = step.numbers(in_, b);
      for (std::int64_t k = 0; k < count; ++k) {
        const std::int64_t id = number(step.at(in_, b)[k]), rest = (number(former) * spread_ + id) % buckets_;
        step.at(out_, b)[k] = static_cast<float>(rest < 0 ? rest + buckets_ : rest);
        former = static_cast<float>(id);
      }
    }
  }

 private:
  // Whole numbers are exact below 2^24, so that their products with a spread of 32 bits fit; others are none.
  static std::int64_t number(float x) { return std::fabs(x) < 16777216.0f ? static_cast<std::int64_t>(x) : 0; }

  Slot in_, out_;
  std::int64_t state_, buckets_, spread_;
  float first_;
  bool over_rows_;
};

// Settings: whether logarithms are written, how many classes are barred.
std::unique_ptr<Part> softmax(const Description& d) {
  return each_row(d, [logarithm = whole(d, 0) != 0, barred = whole(d, 1)](const float* x, float* y, float*, std::int64_t K) {
    float top = x[barred];
    for (std::int64_t k = barred; k < K; ++k) top = x[k] > top ? x[k] : top;
    float sum = 0.0f;
    for (std::int64_t k = barred; k < K; ++k) sum += y[k] = std::exp(x[k] - top);
    const float log_sum = std::log(sum);
    for (std::int64_t k = 0; k < K; ++k) {
      if (logarithm) {
        y[k] = k < barred ? -std::numeric_limits<float>::infinity() : x[k] - top - log_sum;
      } else {
        y[k] = k < barred ? 0.0f : y[k] / sum;
      }
    }
  });
}

// Reads doubles: what is in a unit may lie far from zero.
template <class Y>
std::unique_ptr<Part> standardize(const Description& d) {
  return each_row<double, Y>(d, [mean = copied(d.weights[0]), scale = copied(d.weights[1])](const double* x, Y* y, float*,
                                                                                           std::int64_t F) {
    for (std::int64_t j = 0; j < F; ++j) y[j] = static_cast<Y>((x[j] - mean[j]) / scale[j]);
  });
}

template <class T>
std::unique_ptr<Part> observed(const Description& d) {
  return each_row<T, T>(d, [](const T* x, T* y, float*, std::int64_t F) {
    for (std::int64_t j = 0; j < F; ++j) y[j] = std::isnan(x[j]) ? T{0} : T{1};
  });
}

template <class T>
std::unique_ptr<Part> filled(const Description& d) {
  return each_row<T, T>(d, [](const T* x, T* y, float*, std::int64_t F) {
    for (std::int64_t j = 0; j < F; ++j) y[j] = std::isnan(x[j]) ? T{0} : x[j];
  });
}

// Settings: epsilon.
std::unique_ptr<Part> layer_norm(const Description& d) {
  return each_row(d, [gain = copied(d.weights[0]), bias = copied(d.weights[1]), epsilon = d.settings.at(0)](
                         const float* x, float* y, float*, std::int64_t F) {
    std::memcpy(y, x, bytes_of(F));
    normalise(y, F, epsilon);
    for (std::int64_t j = 0; j < F; ++j) y[j] = y[j] * gain[j] + bias[j];
  });
}

// Settings: the blank.
std::unique_ptr<Part> ctc_greedy(const Description& d) {
  return each_row(d, [blank = whole(d, 0)](const float* x, float* y, float* former, std::int64_t K) {
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < K; ++k) best = x[k] > x[best] ? k : best;
    *y = best == blank || static_cast<float>(best) == *former ? -1.0f : static_cast<float>(best);
    *former = static_cast<float>(best);
  });
}

}  // namespace

std::unique_ptr<Part> new_layer(const Description& d) {
  if (d.kind == "Dense") return std::make_unique<Dense>(d);
  if (d.kind == "Embedding") return std::make_unique<Embedding>(d);
  if (d.kind == "Pairs") return std::make_unique<Pairs>(d);
  if (d.kind == "Softmax") return softmax(d);
  if (d.kind == "Standardize") return d.doubles ? standardize<double>(d) : standardize<float>(d);
  if (d.kind == "LayerNorm") return layer_norm(d);
  if (d.kind == "CTCGreedy") return ctc_greedy(d);
  if (d.kind == "Activation") {
    return each_row(d, [function = static_cast<Function>(whole(d, 0))](const float* x, float* y, float*, std::int64_t F) {
      std::memcpy(y, x, bytes_of(F));
      apply(function, y, F);
    });
  }
  if (d.kind == "Observed") return d.doubles ? observed<double>(d) : observed<float>(d);
  if (d.kind == "Filled") return d.doubles ? filled<double>(d) : filled<float>(d);
  return nullptr;
}

}  // namespace gatelet::GATELET_ISA
