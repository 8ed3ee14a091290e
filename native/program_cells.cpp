// The recurrent operations of a program: both products into memory, LayerNorm where there is any, then the cell's equation,
// a vector of units at a time. A step of one stream is bound by reading its weights, so nothing is won by keeping the
// products in registers.
#include "program_recurrent.h"

namespace gatelet::GATELET_ISA {
namespace {

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

// Weights: w_ih, w_hh, b_ih, b_hh, gains of both products, scales of a FastGRNN, and of a W_hh of low rank its right factor
// (R, H), whose left one is w_hh. The rest as of all cells.
template <class Equation>
class Cell : public Recurrent {
 public:
  explicit Cell(const Description& d)
      : Recurrent(d, std::is_same_v<Equation, LstmEquation> ? 2 : 1),
        recurrent_(d.weights[1].size > 0),
        gains_x_(d.weights[4], d.weights[2]),
        gains_u_(d.weights[5], d.weights[3]) {
    const bool plain = gains_x_.values.empty();
    const bool fast = d.weights[6].data != nullptr;
    const float* b_ih = plain && !fast ? d.weights[2].data : nullptr;
    const float* b_hh = plain && !fast && d.weights[3].size > 0 ? d.weights[3].data : nullptr;
    from_x_ = std::make_unique<Product<all>>(d.weights[0].data, b_ih, Equation::gates / all * H_, in_.width, d.rounded);
    if (d.weights[7].data != nullptr) {
      rank_ = d.weights[7].size / H_;
      right_ = std::make_unique<Product<1>>(d.weights[7].data, nullptr, rank_, H_, d.rounded);
      room(seen_, block * rank_);
    }
    if (recurrent_) {
      const std::int64_t meets = rank_ > 0 ? rank_ : H_;
      from_h_ = std::make_unique<Product<early>>(d.weights[1].data, b_hh, early_gates / early * H_, meets, d.rounded);
    }
    if (Equation::late > 0) {
      const std::int64_t done = early_gates * H_;
      const float* const bias = b_hh == nullptr ? nullptr : b_hh + done;
      late_ = std::make_unique<Product<1>>(d.weights[1].data + done * H_, bias, H_, H_, d.rounded);
    }
    if (fast) {
      extra_.assign(d.weights[2].data, d.weights[2].data + 2 * H_);
      for (int k = 0; k < 2; ++k) extra_.push_back(static_cast<float>(1.0 / (1.0 + std::exp(-d.weights[6].data[k]))));
    }
    room(scratch_, block * (Equation::gates + 1) * H_);
  }

 protected:
  // list_.in holds rows; what comes of them is where `input` says.
  void prepare(std::int64_t rows) override { room(products_, rows * Equation::gates * H_); }

  void multiply_inputs(std::int64_t count) override {
    constexpr std::int64_t G = Equation::gates;
    float* x = products_.data();
    for (std::int64_t k = 0; k < count; ++k) list_.out[k] = x + k * G * H_;
    from_x_->run(list_, count);
    for (std::int64_t k = 0; k < count; ++k) gains_x_.apply(x + k * G * H_, 0, G, H_);
  }

  const float* input(std::int64_t number) override { return products_.data() + number * Equation::gates * H_; }

  void advance(std::int64_t count) override {
    constexpr std::int64_t G = Equation::gates;
    for (std::int64_t k = 0; k < count; ++k) units_[k].u = scratch_.data() + k * (G + 1) * H_;
    if (recurrent_) {
      for (std::int64_t k = 0; k < count; ++k) list_.in[k] = units_[k].h;
      if (right_ != nullptr) {
        for (std::int64_t k = 0; k < count; ++k) list_.out[k] = seen_.data() + k * rank_;
        right_->run(list_, count);
        for (std::int64_t k = 0; k < count; ++k) list_.in[k] = list_.out[k];
      }
      for (std::int64_t k = 0; k < count; ++k) list_.out[k] = units_[k].u;
      from_h_->run(list_, count);
      for (std::int64_t k = 0; k < count; ++k) gains_u_.apply(units_[k].u, 0, G - Equation::late, H_);
    }
    if constexpr (Equation::late > 0) run_late(count);
    for (std::int64_t k = 0; k < count; ++k) {
      Unit& s = units_[k];
      s.extra = extra_.data();
      for_vectors(H_, [&](std::int64_t j, std::int64_t left) { Equation::run(s, j, H_, left); });
      std::memcpy(s.out, s.h, bytes_of(H_));
      if (s.cell_out != nullptr) std::memcpy(s.cell_out, s.c, bytes_of(H_));
    }
  }

 private:
  // three or four gates side by side in a panel; fewer are read as one matrix
  static constexpr int early_gates = Equation::gates - Equation::late;
  static constexpr int all = Equation::gates > 2 ? Equation::gates : 1;
  static constexpr int early = early_gates > 2 ? early_gates : 1;

  void run_late(std::int64_t count) {
    constexpr std::int64_t G = Equation::gates;
    for (std::int64_t k = 0; k < count; ++k) {
      const Unit& s = units_[k];
      float* gated = s.u + G * H_;
      for_vectors(H_, [&](std::int64_t j, std::int64_t left) { store(gated + j, Equation::gate(s, j, H_, left), left); });
      list_.in[k] = gated, list_.out[k] = s.u + (G - 1) * H_;
    }
    late_->run(list_, count);
    for (std::int64_t k = 0; k < count; ++k) gains_u_.apply(units_[k].u, G - 1, 1, H_);
  }

  bool recurrent_;
  std::int64_t rank_ = 0;  // of W_hh; 0 for full
  Gains gains_x_, gains_u_;
  std::unique_ptr<Product<all>> from_x_;
  std::unique_ptr<Product<1>> right_;  // what from_h_ multiplies, of low rank
  std::unique_ptr<Product<early>> from_h_;
  std::unique_ptr<Product<1>> late_;
  std::vector<float> extra_;
  std::vector<float> products_;  // (rows, G H) of the inputs
  std::vector<float> seen_;      // (block, R) of the right factor
  std::vector<float> scratch_;   // (block, (G + 1) H): products of the states, and the gated state
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
