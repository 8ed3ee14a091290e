// The recurrent operations of a program: both products into memory, LayerNorm where there is any, then the cell's equation,
// a vector of units at a time. A step of one stream is bound by reading its weights, so nothing is won by keeping the
// products in registers.
#include <cstring>

#include "program_parts.h"

namespace gatelet::GATELET_ISA {
namespace {

// What one stream's step of a cell works on; x and u are the products of input and state, gate by gate.
struct Unit {
  const float* x;
  float* u;
  float* h;
  float* c;            // LSTM only
  const float* extra;  // FastGRNN: b_z, b_n, then zeta and nu squashed
};

struct GruEquation {
  static constexpr int gates = 3, late = 0;
  GATELET_INLINE static void run(const Unit& s, std::int64_t j, std::int64_t H, std::int64_t count) {
    const vec r = sigmoid(load(s.x + j, count) + load(s.u + j, count));
    const vec z = sigmoid(load(s.x + H + j, count) + load(s.u + H + j, count));
    const vec n = tanh(load(s.x + 2 * H + j, count) + r * load(s.u + 2 * H + j, count));
    const vec h = load(s.h + j, count);
    store(s.h + j, n + z * (h - n), count);
  }
};

// The late product reads what `gate` leaves: r * h, and f * h of an MGU.
struct GruBeforeEquation {
  static constexpr int gates = 3, late = 1;
  GATELET_INLINE static vec gate(const Unit& s, std::int64_t j, std::int64_t, std::int64_t count) {
    return sigmoid(load(s.x + j, count) + load(s.u + j, count)) * load(s.h + j, count);
  }
  GATELET_INLINE static void run(const Unit& s, std::int64_t j, std::int64_t H, std::int64_t count) {
    const vec z = sigmoid(load(s.x + H + j, count) + load(s.u + H + j, count));
    const vec n = tanh(load(s.x + 2 * H + j, count) + load(s.u + 2 * H + j, count));
    const vec h = load(s.h + j, count);
    store(s.h + j, n + z * (h - n), count);
  }
};

struct LstmEquation {
  static constexpr int gates = 4, late = 0;
  GATELET_INLINE static void run(const Unit& s, std::int64_t j, std::int64_t H, std::int64_t count) {
    const vec i = sigmoid(load(s.x + j, count) + load(s.u + j, count));
    const vec f = sigmoid(load(s.x + H + j, count) + load(s.u + H + j, count));
    const vec g = tanh(load(s.x + 2 * H + j, count) + load(s.u + 2 * H + j, count));
    const vec o = sigmoid(load(s.x + 3 * H + j, count) + load(s.u + 3 * H + j, count));
    const vec c = f * load(s.c + j, count) + i * g;
    store(s.c + j, c, count);
    store(s.h + j, o * tanh(c), count);
  }
};

struct RnnEquation {
  static constexpr int gates = 1, late = 0;
  GATELET_INLINE static void run(const Unit& s, std::int64_t j, std::int64_t, std::int64_t count) {
    store(s.h + j, tanh(load(s.x + j, count) + load(s.u + j, count)), count);
  }
};

struct MguEquation {
  static constexpr int gates = 2, late = 1;
  GATELET_INLINE static vec gate(const Unit& s, std::int64_t j, std::int64_t, std::int64_t count) {
    return sigmoid(load(s.x + j, count) + load(s.u + j, count)) * load(s.h + j, count);
  }
  GATELET_INLINE static void run(const Unit& s, std::int64_t j, std::int64_t H, std::int64_t count) {
    const vec f = sigmoid(load(s.x + j, count) + load(s.u + j, count));
    const vec n = tanh(load(s.x + H + j, count) + load(s.u + H + j, count));
    const vec h = load(s.h + j, count);
    store(s.h + j, h + f * (n - h), count);
  }
};

struct LightGruEquation {
  static constexpr int gates = 2, late = 0;
  GATELET_INLINE static void run(const Unit& s, std::int64_t j, std::int64_t H, std::int64_t count) {
    const vec z = sigmoid(load(s.x + j, count) + load(s.u + j, count));
    const vec a = load(s.x + H + j, count) + load(s.u + H + j, count);
    const vec n = a > 0.0f ? a : vec{};
    const vec h = load(s.h + j, count);
    store(s.h + j, n + z * (h - n), count);
  }
};

struct FastGrnnEquation {
  static constexpr int gates = 1, late = 0;
  GATELET_INLINE static void run(const Unit& s, std::int64_t j, std::int64_t H, std::int64_t count) {
    const vec a = load(s.x + j, count) + load(s.u + j, count);
    const vec z = sigmoid(a + load(s.extra + j, count));
    const vec n = tanh(a + load(s.extra + H + j, count));
    const vec share = s.extra[2 * H] * (1.0f - z) + s.extra[2 * H + 1];
    store(s.h + j, z * load(s.h + j, count) + share * n, count);
  }
};

struct MinGruEquation {
  static constexpr int gates = 2, late = 0;
  GATELET_INLINE static void run(const Unit& s, std::int64_t j, std::int64_t H, std::int64_t count) {
    const vec z = sigmoid(load(s.x + j, count));
    const vec n = positive(load(s.x + H + j, count));
    const vec h = load(s.h + j, count);
    store(s.h + j, h + z * (n - h), count);
  }
};

struct MinLstmEquation {
  static constexpr int gates = 3, late = 0;
  GATELET_INLINE static vec inverse(vec x) {  // 1 / s(x)
    const Exponential e = exponential(clamp(-x, 87.0f));
    return e.scale * e.tail + (e.scale + 1.0f);
  }
  GATELET_INLINE static void run(const Unit& s, std::int64_t j, std::int64_t H, std::int64_t count) {
    const vec u = inverse(load(s.x + j, count));
    const vec v = inverse(load(s.x + H + j, count));
    const vec n = positive(load(s.x + 2 * H + j, count));
    const vec h = load(s.h + j, count);
    store(s.h + j, h + u / (u + v) * (n - h), count);
  }
};

struct Gains {
  std::vector<float> values;  // empty: not normalised
  std::vector<float> bias;    // added after the gains

  Gains(const Weight& gain, const Weight& bias) {
    if (gain.data == nullptr) return;
    values.assign(gain.data, gain.data + gain.size);
    this->bias.assign(bias.data, bias.data + bias.size);
  }

  void apply(float* products, std::int64_t first, std::int64_t gates, std::int64_t H) const {
    if (values.empty()) return;
    for (std::int64_t g = first; g < first + gates; ++g) {
      normalise(products + g * H, H, 1e-5);
      for (std::int64_t j = g * H; j < (g + 1) * H; ++j) products[j] = products[j] * values[j] + bias[j];
    }
  }
};

// Settings: H, steps after which the state is zero again (0 for never). Weights: w_ih, w_hh, b_ih, b_hh, gains of both
// products, scales of a FastGRNN.
template <class Equation>
class Cell : public Part {
 public:
  explicit Cell(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        state_(d.state),
        H_(static_cast<std::int64_t>(d.settings[0])),
        restart_(static_cast<std::int64_t>(d.settings[1])),
        recurrent_(d.weights[1].size > 0),
        gains_x_(d.weights[4], d.weights[2]),
        gains_u_(d.weights[5], d.weights[3]) {
    const bool plain = gains_x_.values.empty();
    const bool fast = d.weights[6].data != nullptr;
    const float* b_ih = plain && !fast ? d.weights[2].data : nullptr;
    const float* b_hh = plain && !fast && d.weights[3].size > 0 ? d.weights[3].data : nullptr;
    from_x_ = std::make_unique<Product<all>>(d.weights[0].data, b_ih, Equation::gates / all * H_, in_.width);
    if (recurrent_) {
      from_h_ = std::make_unique<Product<early>>(d.weights[1].data, b_hh, early_gates / early * H_, H_);
    }
    if (Equation::late > 0) {
      const std::int64_t done = early_gates * H_;
      late_ = std::make_unique<Product<1>>(d.weights[1].data + done * H_, b_hh == nullptr ? nullptr : b_hh + done, H_, H_);
    }
    if (fast) {
      extra_.assign(d.weights[2].data, d.weights[2].data + 2 * H_);
      for (int k = 0; k < 2; ++k) extra_.push_back(static_cast<float>(1.0 / (1.0 + std::exp(-d.weights[6].data[k]))));
    }
  }

  void run(const Step& step) override {
    // a block of streams at a time, so that their products are still near when the equation reads them
    for (std::int64_t first = 0; first < step.rows; first += block) {
      run_block({step.values + first * step.width, step.width, step.states + first, smaller(block, step.rows - first)});
    }
  }

 private:
  static constexpr std::int64_t states = std::is_same_v<Equation, LstmEquation> ? 2 : 1;
  static constexpr std::int64_t block = 32;
  // three or four gates side by side in a panel; fewer are read as one matrix
  static constexpr int early_gates = Equation::gates - Equation::late;
  static constexpr int all = Equation::gates > 2 ? Equation::gates : 1;
  static constexpr int early = early_gates > 2 ? early_gates : 1;

  void run_block(const Step& step) {
    const std::int64_t rows = step.rows, G = Equation::gates;
    list_.resize(rows);
    if (static_cast<std::int64_t>(products_.size()) < rows * size()) products_.resize(rows * size());
    for (std::int64_t b = 0; b < rows; ++b) begin(step.states[b] + state_);
    for (std::int64_t b = 0; b < rows; ++b) list_.in[b] = step.at(in_, b), list_.out[b] = x(b);
    from_x_->run(list_, rows);
    if (recurrent_) {
      for (std::int64_t b = 0; b < rows; ++b) list_.in[b] = step.states[b] + state_, list_.out[b] = u(b);
      from_h_->run(list_, rows);
    }
    for (std::int64_t b = 0; b < rows; ++b) {
      gains_x_.apply(x(b), 0, G, H_);
      if (recurrent_) gains_u_.apply(u(b), 0, G - Equation::late, H_);
    }
    if constexpr (Equation::late > 0) run_late(step);
    for (std::int64_t b = 0; b < rows; ++b) {
      const Unit s = unit(step, b);
      for_vectors(H_, [&](std::int64_t j, std::int64_t count) { Equation::run(s, j, H_, count); });
      std::memcpy(step.at(out_, b), s.h, static_cast<std::size_t>(H_) * sizeof(float));
    }
  }

  std::int64_t size() const { return (2 * Equation::gates + 1) * H_; }
  float* x(std::int64_t b) { return products_.data() + b * size(); }
  float* u(std::int64_t b) { return x(b) + Equation::gates * H_; }
  float* gated(std::int64_t b) { return u(b) + Equation::gates * H_; }
  Unit unit(const Step& step, std::int64_t b) {
    float* h = step.states[b] + state_;
    return {x(b), u(b), h, h + H_, extra_.data()};
  }

  // A stretch begins anew after `restart` steps.
  void begin(float* state) const {
    if (restart_ == 0) return;
    float& counter = state[states * H_];
    if (counter == static_cast<float>(restart_)) {
      std::memset(state, 0, static_cast<std::size_t>(states * H_) * sizeof(float));
      counter = 0.0f;
    }
    counter += 1.0f;
  }

  void run_late(const Step& step) {
    for (std::int64_t b = 0; b < step.rows; ++b) {
      const Unit s = unit(step, b);
      float* to = gated(b);
      for_vectors(H_, [&](std::int64_t j, std::int64_t count) { store(to + j, Equation::gate(s, j, H_, count), count); });
      list_.in[b] = to, list_.out[b] = u(b) + (Equation::gates - 1) * H_;
    }
    late_->run(list_, step.rows);
    for (std::int64_t b = 0; b < step.rows; ++b) gains_u_.apply(u(b), Equation::gates - 1, 1, H_);
  }

  Slot in_, out_;
  std::int64_t state_, H_, restart_;
  bool recurrent_;
  Gains gains_x_, gains_u_;
  std::unique_ptr<Product<all>> from_x_;
  std::unique_ptr<Product<early>> from_h_;
  std::unique_ptr<Product<1>> late_;
  std::vector<float> extra_;
  std::vector<float> products_;  // (rows, size): of the input, of the state, and the gated state
  RowList list_;
};

}  // namespace

std::unique_ptr<Part> new_cell(const Description& d) {
  if (d.kind == "GRU") return std::make_unique<Cell<GruEquation>>(d);
  if (d.kind == "GRU reset before") return std::make_unique<Cell<GruBeforeEquation>>(d);
  if (d.kind == "LSTM") return std::make_unique<Cell<LstmEquation>>(d);
  if (d.kind == "RNN") return std::make_unique<Cell<RnnEquation>>(d);
  if (d.kind == "MGU") return std::make_unique<Cell<MguEquation>>(d);
  if (d.kind == "LiGRU") return std::make_unique<Cell<LightGruEquation>>(d);
  if (d.kind == "FastGRNN") return std::make_unique<Cell<FastGrnnEquation>>(d);
  if (d.kind == "MinGRU") return std::make_unique<Cell<MinGruEquation>>(d);
  if (d.kind == "MinLSTM") return std::make_unique<Cell<MinLstmEquation>>(d);
  return nullptr;
}

}  // namespace gatelet::GATELET_ISA
