// One vector of many: pooled over the steps so far or over rows, or looked up by a query.
#include "program_parts.h"

namespace gatelet::GATELET_ISA {
namespace {

// Settings: the kind; whether over rows, else over steps. State, over steps: the largest (F), or the sum (F) and the count.
class Pool : public Part {
 public:
  explicit Pool(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        state_(d.state),
        kind_(static_cast<Pooling>(whole(d, 0))),
        over_rows_(whole(d, 1) != 0),
        own_(static_cast<std::size_t>(in_.width + 1)) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      float* state = step.state(state_, b);
      if (over_rows_) {
        state = own_.data();
        for (float& number : own_) number = kind_ == Pooling::max ? -std::numeric_limits<float>::infinity() : 0.0f;
      }
      const std::int64_t rows = step.rows(in_, b);
      for (std::int64_t r = 0; r < rows; ++r) take(step.at(in_, b) + r * in_.width, step.at(out_, b), state);
    }
  }

 private:
  void take(const float* x, float* y, float* state) const {
    const std::int64_t F = in_.width;
    if (kind_ == Pooling::last) {
      std::memcpy(y, x, bytes_of(F));
    } else if (kind_ == Pooling::max) {
      for (std::int64_t j = 0; j < F; ++j) y[j] = state[j] = x[j] > state[j] ? x[j] : state[j];
    } else {
      const float count = state[F] += 1.0f;
      const float share = kind_ == Pooling::mean ? 1.0f / count : 1.0f / std::sqrt(count);
      for (std::int64_t j = 0; j < F; ++j) y[j] = (state[j] += x[j]) * share;
    }
  }

  Slot in_, out_;
  std::int64_t state_;
  Pooling kind_;
  bool over_rows_;
  std::vector<float> own_;
};

// Weights: W (K, F), b (K), v (K). Settings: whether over rows. State, over steps: the weighted sum (F), the weight, the
// largest score.
class AttentionPool : public Part {
 public:
  explicit AttentionPool(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        state_(d.state),
        over_rows_(whole(d, 0) != 0),
        score_(copied(d.weights[2])),
        own_(static_cast<std::size_t>(in_.width + 2)),
        product_(d.weights[0].data, d.weights[1].data, d.weights[1].size, in_.width, d.rounded) {}

  void run(const Step& step) override {
    const auto K = static_cast<std::int64_t>(score_.size());
    list_.resize(step.streams * in_.rows);
    float* joined = room(joined_, step.streams * in_.rows * K);
    std::int64_t count = 0;
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(in_, b);
      for (std::int64_t r = 0; r < rows; ++r, ++count) {
        list_.in[count] = step.at(in_, b) + r * in_.width, list_.out[count] = joined + count * K;
      }
    }
    product_.run(list_, count);
    for (std::int64_t b = 0; b < step.streams; ++b) {
      float* state = step.state(state_, b);
      if (over_rows_) {
        state = own_.data();
        own_.assign(own_.size(), 0.0f);
        own_.back() = -std::numeric_limits<float>::infinity();
      }
      const std::int64_t rows = step.rows(in_, b);
      for (std::int64_t r = 0; r < rows; ++r, joined += K) {
        apply(Function::tanh, joined, K);
        take(step.at(in_, b) + r * in_.width, step.at(out_, b), joined, state);
      }
    }
  }

 private:
  void take(const float* x, float* y, const float* joined, float* state) const {
    const std::int64_t F = in_.width;
    float score = 0.0f;
    for (std::size_t k = 0; k < score_.size(); ++k) score += joined[k] * score_[k];
    float &weight = state[F], &peak = state[F + 1];
    const float top = score > peak ? score : peak;
    const float shrink = std::exp(peak - top), share = std::exp(score - top);
    weight = weight * shrink + share;
    peak = top;
    for (std::int64_t j = 0; j < F; ++j) y[j] = (state[j] = state[j] * shrink + share * x[j]) / weight;
  }

  Slot in_, out_;
  std::int64_t state_;
  bool over_rows_;
  std::vector<float> score_, own_, joined_;
  Product<1> product_;
  RowList list_;
};

// Inputs: query, memory, keys. Weights: W (K, F), b (K), v (K), w (K) or none; all none for "dot". State, with w: how many
// rows it is of, then what each of them has been given.
class Attention : public Part {
 public:
  explicit Attention(const Description& d)
      : query_(d.inputs[0]), memory_(d.inputs[1]), keys_(d.inputs[2]), context_(d.outputs[0]), given_(d.outputs[1]),
        state_(d.state) {
    if (d.weights[0].data == nullptr) return;
    product_ = std::make_unique<Product<1>>(d.weights[0].data, d.weights[1].data, keys_.width, query_.width, d.rounded);
    score_ = copied(d.weights[2]);
    if (d.weights[3].data != nullptr) covered_ = copied(d.weights[3]);
  }

  void run(const Step& step) override {
    const std::int64_t K = keys_.width;
    float* asked = room(asked_, step.streams * K);
    list_.resize(step.streams);
    for (std::int64_t b = 0; b < step.streams; ++b) list_.in[b] = step.at(query_, b), list_.out[b] = asked + b * K;
    if (product_ != nullptr) product_->run(list_, step.streams);
    room(joined_, K);
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const float* query = product_ != nullptr ? list_.out[b] : list_.in[b];
      look(step, b, query);
    }
  }

 private:
  void look(const Step& step, std::int64_t b, const float* query) {
    const std::int64_t rows = step.rows(memory_, b), K = keys_.width, M = memory_.width;
    float* share = step.at(given_, b);
    float* state = covered_.empty() ? nullptr : step.state(state_, b);
    if (state != nullptr && state[0] == 0.0f) {
      state[0] = static_cast<float>(rows);
      std::memset(state + 1, 0, bytes_of(rows));
    }
    float top = -std::numeric_limits<float>::infinity();
    for (std::int64_t r = 0; r < rows; ++r) {
      share[r] = score(query, step.at(keys_, b) + r * K, state != nullptr ? state[1 + r] : 0.0f);
      top = share[r] > top ? share[r] : top;
    }
    float sum = 0.0f;
    for (std::int64_t r = 0; r < rows; ++r) sum += share[r] = std::exp(share[r] - top);
    float* context = step.at(context_, b);
    std::memset(context, 0, bytes_of(M));
    for (std::int64_t r = 0; r < rows; ++r) {
      share[r] /= sum;
      if (state != nullptr) state[1 + r] += share[r];
      const float* row = step.at(memory_, b) + r * M;
      for (std::int64_t j = 0; j < M; ++j) context[j] += share[r] * row[j];
    }
  }

  float score(const float* query, const float* key, float covered) {
    const std::int64_t K = keys_.width;
    float* joined = joined_.data();
    vec sum{};
    if (product_ == nullptr) {
      for_vectors(K, [&](std::int64_t j, std::int64_t count) { sum += load(query + j, count) * load(key + j, count); });
    } else {
      for (std::int64_t k = 0; k < K; ++k) {
        joined[k] = query[k] + key[k] + (covered_.empty() ? 0.0f : covered * covered_[static_cast<std::size_t>(k)]);
      }
      apply(Function::tanh, joined, K);
      const float* score = score_.data();
      for_vectors(K, [&](std::int64_t j, std::int64_t count) { sum += load(joined + j, count) * load(score + j, count); });
    }
    float total = 0.0f;
    for (int i = 0; i < lanes; ++i) total += sum[i];
    return total;
  }

  Slot query_, memory_, keys_, context_, given_;
  std::int64_t state_;
  std::unique_ptr<Product<1>> product_;
  std::vector<float> score_, covered_, asked_, joined_;
  RowList list_;
};

}  // namespace

std::unique_ptr<Part> new_attention(const Description& d) {
  if (d.kind == "Pool") return std::make_unique<Pool>(d);
  if (d.kind == "AttentionPool") return std::make_unique<AttentionPool>(d);
  if (d.kind == "Attention") return std::make_unique<Attention>(d);
  return nullptr;
}

}  // namespace gatelet::GATELET_ISA
