// The operations of a program that are not cells, and the program itself. Each class says which settings and weights of its
// description it reads; shapes were checked by the plan.
#include <cstring>

#include "program_parts.h"

namespace gatelet::GATELET_ISA {
namespace {

std::int64_t whole(const Description& d, std::size_t number) { return static_cast<std::int64_t>(d.settings.at(number)); }

// Weights: (O, I), (O) or none. Settings: the function.
class Dense : public Part {
 public:
  explicit Dense(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        function_(static_cast<Function>(whole(d, 0))),
        product_(d.weights[0].data, d.weights[1].data, out_.width, in_.width) {}

  void run(const Step& step) override {
    list_.resize(step.rows);
    for (std::int64_t b = 0; b < step.rows; ++b) list_.in[b] = step.at(in_, b), list_.out[b] = step.at(out_, b);
    product_.run(list_, step.rows);
    for (std::int64_t b = 0; b < step.rows; ++b) apply(function_, list_.out[b], out_.width);
  }

 private:
  Slot in_, out_;
  Function function_;
  Product<1> product_;
  RowList list_;
};

// Runs body(x, y, state, F) for every stream.
template <class Body>
class Each : public Part {
 public:
  Each(const Description& d, Body body) : in_(d.inputs.at(0)), out_(d.outputs.at(0)), state_(d.state), body_(body) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.rows; ++b) {
      body_(static_cast<const float*>(step.at(in_, b)), step.at(out_, b), step.states[b] + state_, in_.width);
    }
  }

 private:
  Slot in_, out_;
  std::int64_t state_;
  Body body_;
};

template <class Body>
std::unique_ptr<Part> each(const Description& d, Body body) {
  return std::make_unique<Each<Body>>(d, body);
}

std::vector<float> copied(const Weight& weight) { return {weight.data, weight.data + weight.size}; }

// Settings: whether vectors are averaged; then the last axis holds parts, negative ones for nothing.
std::unique_ptr<Part> embedding(const Description& d) {
  const std::int64_t E = d.outputs[0].width, V = d.weights[0].size / E;
  return each(d, [table = copied(d.weights[0]), E, V](const float* x, float* y, float*, std::int64_t parts) {
    float count = 0.0f;
    std::memset(y, 0, static_cast<std::size_t>(E) * sizeof(float));
    for (std::int64_t p = 0; p < parts; ++p) {
      const std::int64_t id = static_cast<std::int64_t>(x[p]);
      if (id < 0 || id >= V) continue;
      for (std::int64_t j = 0; j < E; ++j) y[j] += table[id * E + j];
      count += 1.0f;
    }
    for (std::int64_t j = 0; j < E && count > 1.0f; ++j) y[j] /= count;
  });
}

// Settings: 0 last, 1 max, 2 mean, 3 root.
std::unique_ptr<Part> pool(const Description& d) {
  const std::int64_t kind = whole(d, 0);
  return each(d, [kind](const float* x, float* y, float* state, std::int64_t F) {
    if (kind == 0) {
      std::memcpy(y, x, static_cast<std::size_t>(F) * sizeof(float));
    } else if (kind == 1) {
      for (std::int64_t j = 0; j < F; ++j) y[j] = state[j] = x[j] > state[j] ? x[j] : state[j];
    } else {
      const float count = state[F] += 1.0f;
      const float share = kind == 2 ? 1.0f / count : 1.0f / std::sqrt(count);
      for (std::int64_t j = 0; j < F; ++j) y[j] = (state[j] += x[j]) * share;
    }
  });
}

// Weights: W (K, F), b (K), v (K). State: the weighted sum (F), the weight, the largest score.
class AttentionPool : public Part {
 public:
  explicit AttentionPool(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        state_(d.state),
        score_(copied(d.weights[2])),
        product_(d.weights[0].data, d.weights[1].data, d.weights[1].size, in_.width) {}

  void run(const Step& step) override {
    const std::int64_t K = static_cast<std::int64_t>(score_.size()), F = in_.width;
    list_.resize(step.rows);
    joined_.resize(static_cast<std::size_t>(step.rows * K));
    for (std::int64_t b = 0; b < step.rows; ++b) list_.in[b] = step.at(in_, b), list_.out[b] = joined_.data() + b * K;
    product_.run(list_, step.rows);
    for (std::int64_t b = 0; b < step.rows; ++b) {
      float* joined = joined_.data() + b * K;
      apply(Function::tanh, joined, K);
      float score = 0.0f;
      for (std::int64_t k = 0; k < K; ++k) score += joined[k] * score_[k];
      float* state = step.states[b] + state_;
      float &weight = state[F], &peak = state[F + 1];
      const float top = score > peak ? score : peak;
      const float shrink = std::exp(peak - top), share = std::exp(score - top);
      weight = weight * shrink + share;
      peak = top;
      const float *x = step.at(in_, b);
      float* y = step.at(out_, b);
      for (std::int64_t j = 0; j < F; ++j) y[j] = (state[j] = state[j] * shrink + share * x[j]) / weight;
    }
  }

 private:
  Slot in_, out_;
  std::int64_t state_;
  std::vector<float> score_, joined_;
  Product<1> product_;
  RowList list_;
};

// Settings: whether logarithms are written, how many classes are barred.
std::unique_ptr<Part> softmax(const Description& d) {
  return each(d, [logarithm = whole(d, 0) != 0, barred = whole(d, 1)](const float* x, float* y, float*, std::int64_t K) {
    float top = x[barred];
    for (std::int64_t k = barred; k < K; ++k) top = x[k] > top ? x[k] : top;
    float sum = 0.0f;
    for (std::int64_t k = barred; k < K; ++k) sum += y[k] = std::exp(x[k] - top);
    for (std::int64_t k = 0; k < K; ++k) {
      if (logarithm) {
        y[k] = k < barred ? -std::numeric_limits<float>::infinity() : x[k] - top - std::log(sum);
      } else {
        y[k] = k < barred ? 0.0f : y[k] / sum;
      }
    }
  });
}

std::unique_ptr<Part> standardize(const Description& d) {
  return each(d, [mean = copied(d.weights[0]), scale = copied(d.weights[1])](const float* x, float* y, float*,
                                                                            std::int64_t F) {
    for (std::int64_t j = 0; j < F; ++j) y[j] = (x[j] - mean[j]) / scale[j];
  });
}

// Settings: epsilon.
std::unique_ptr<Part> layer_norm(const Description& d) {
  return each(d, [gain = copied(d.weights[0]), bias = copied(d.weights[1]), epsilon = d.settings.at(0)](
                     const float* x, float* y, float*, std::int64_t F) {
    std::memcpy(y, x, static_cast<std::size_t>(F) * sizeof(float));
    normalise(y, F, epsilon);
    for (std::int64_t j = 0; j < F; ++j) y[j] = y[j] * gain[j] + bias[j];
  });
}

// Values one after the other, or added up with a constant.
class Joined : public Part {
 public:
  explicit Joined(const Description& d) : in_(d.inputs), out_(d.outputs[0]), add_(d.kind == "Add") {
    if (add_ && d.weights.at(0).data != nullptr) constant_ = copied(d.weights[0]);
  }

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.rows; ++b) {
      float* y = step.at(out_, b);
      if (add_) {
        for (std::int64_t j = 0; j < out_.width; ++j) y[j] = constant_.empty() ? 0.0f : constant_[j];
        for (const Slot& in : in_) {
          const float* x = step.at(in, b);
          for (std::int64_t j = 0; j < out_.width; ++j) y[j] += x[j];
        }
        continue;
      }
      for (const Slot& in : in_) {
        std::memcpy(y, step.at(in, b), static_cast<std::size_t>(in.width) * sizeof(float));
        y += in.width;
      }
    }
  }

 private:
  std::vector<Slot> in_;
  Slot out_;
  bool add_;
  std::vector<float> constant_;
};

// The former value of inputs[0], which is written elsewhere.
class Delay : public Part {
 public:
  explicit Delay(const Description& d) : in_(d.inputs[0]), out_(d.outputs[0]), state_(d.state) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.rows; ++b) std::memcpy(step.at(out_, b), step.states[b] + state_, size());
  }
  void end(const Step& step) override {
    for (std::int64_t b = 0; b < step.rows; ++b) std::memcpy(step.states[b] + state_, step.at(in_, b), size());
  }

 private:
  std::size_t size() const { return static_cast<std::size_t>(in_.width) * sizeof(float); }

  Slot in_, out_;
  std::int64_t state_;
};

// Settings: buckets, spread.
std::unique_ptr<Part> pairs(const Description& d) {
  const auto buckets = static_cast<std::uint64_t>(d.settings.at(0)), spread = static_cast<std::uint64_t>(d.settings.at(1));
  return each(d, [buckets, spread](const float* x, float* y, float* former, std::int64_t) {
    const auto before = static_cast<std::uint64_t>(*former), id = static_cast<std::uint64_t>(*x < 0.0f ? 0.0f : *x);
    *y = static_cast<float>((before * spread + id) % buckets);
    *former = static_cast<float>(id);
  });
}

// Settings: the blank.
std::unique_ptr<Part> ctc_greedy(const Description& d) {
  return each(d, [blank = whole(d, 0)](const float* x, float* y, float* former, std::int64_t K) {
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < K; ++k) best = x[k] > x[best] ? k : best;
    *y = best == blank || static_cast<float>(best) == *former ? -1.0f : static_cast<float>(best);
    *former = static_cast<float>(best);
  });
}

std::unique_ptr<Part> new_part(const Description& d) {
  if (std::unique_ptr<Part> cell = new_cell(d)) return cell;
  if (d.kind == "Dense") return std::make_unique<Dense>(d);
  if (d.kind == "Concatenate" || d.kind == "Add") return std::make_unique<Joined>(d);
  if (d.kind == "AttentionPool") return std::make_unique<AttentionPool>(d);
  if (d.kind == "Delay") return std::make_unique<Delay>(d);
  if (d.kind == "Embedding") return embedding(d);
  if (d.kind == "Pool") return pool(d);
  if (d.kind == "Softmax") return softmax(d);
  if (d.kind == "Standardize") return standardize(d);
  if (d.kind == "LayerNorm") return layer_norm(d);
  if (d.kind == "Pairs") return pairs(d);
  if (d.kind == "CTCGreedy") return ctc_greedy(d);
  if (d.kind == "Activation") {
    return each(d, [function = static_cast<Function>(whole(d, 0))](const float* x, float* y, float*, std::int64_t F) {
      std::memcpy(y, x, static_cast<std::size_t>(F) * sizeof(float));
      apply(function, y, F);
    });
  }
  if (d.kind == "Observed") {
    return each(d, [](const float* x, float* y, float*, std::int64_t F) {
      for (std::int64_t j = 0; j < F; ++j) y[j] = std::isnan(x[j]) ? 0.0f : 1.0f;
    });
  }
  if (d.kind == "Filled") {
    return each(d, [](const float* x, float* y, float*, std::int64_t F) {
      for (std::int64_t j = 0; j < F; ++j) y[j] = std::isnan(x[j]) ? 0.0f : x[j];
    });
  }
  throw std::invalid_argument("A program must be made of operations that it knows; got " + d.kind + ".");
}

class PackedProgram : public Program {
 public:
  explicit PackedProgram(std::int64_t width) : width_(width) {}

  void add(const Description& description) override { parts_.push_back(new_part(description)); }

  void step(float* values, float* const* states, std::int64_t rows) override {
    const Step step{values, width_, states, rows};
    for (const std::unique_ptr<Part>& part : parts_) part->run(step);
    for (const std::unique_ptr<Part>& part : parts_) part->end(step);
  }

 private:
  std::int64_t width_;
  std::vector<std::unique_ptr<Part>> parts_;
};

}  // namespace

std::unique_ptr<Program> new_program(std::int64_t width) { return std::make_unique<PackedProgram>(width); }

}  // namespace gatelet::GATELET_ISA
