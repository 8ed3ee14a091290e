// The recurrent operations of a program: both products into memory, LayerNorm where there is any, then the cell's equation,
// a vector of units at a time. A step of one stream is bound by reading its weights, so nothing is won by keeping the
// products in registers.
#include "program_parts.h"

namespace gatelet::GATELET_ISA {
namespace {

// What one row's step of a cell works on; x and u are the products of input and state, gate by gate.
struct Unit {
  const float* x;
  float* u;
  float* h;
  float* c;            // LSTM only
  const float* extra;  // FastGRNN: b_z, b_n, then zeta and nu squashed
  float* out;          // where h goes, and c unless null
  float* cell_out;
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

enum class Over { steps, rows, each };

// Inputs: x, then the states that it starts from, or none. Outputs: h, and c or none. Settings: H; steps or rows after which
// the state is zero again (0 for never); what it runs over; whether rows are read from the last to the first. Weights: w_ih,
// w_hh, b_ih, b_hh, gains of both products, scales of a FastGRNN. State, over steps: h, c, and the number of the step where
// there is a start or a restart.
template <class Equation>
class Cell : public Part {
 public:
  explicit Cell(const Description& d)
      : in_(d.inputs[0]),
        outs_(d.outputs),
        starts_(d.inputs.begin() + 1, d.inputs.end()),
        state_(d.state),
        H_(whole(d, 0)),
        restart_(whole(d, 1)),
        over_(static_cast<Over>(whole(d, 2))),
        reverse_(whole(d, 3) != 0),
        recurrent_(d.weights[1].size > 0),
        gains_x_(d.weights[4], d.weights[2]),
        gains_u_(d.weights[5], d.weights[3]),
        units_(block) {
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
    room(scratch_, block * (Equation::gates + 1) * H_);
  }

  void run(const Step& step) override {
    if (over_ == Over::steps) {
      // a block of streams at a time, so that their products are still near when the equation reads them
      for (std::int64_t first = 0; first < step.streams; first += block) {
        run_steps(part_of(step, first, smaller(block, step.streams - first)));
      }
    } else if (over_ == Over::each) {
      run_each(step);
    } else {
      const std::int64_t streams = smaller(block, larger(1, 512 / larger(in_.rows, 1)));
      for (std::int64_t first = 0; first < step.streams; first += streams) {
        run_rows(part_of(step, first, smaller(streams, step.streams - first)));
      }
    }
  }

 private:
  static constexpr std::int64_t states = std::is_same_v<Equation, LstmEquation> ? 2 : 1;
  static constexpr std::int64_t block = 32;
  // three or four gates side by side in a panel; fewer are read as one matrix
  static constexpr int early_gates = Equation::gates - Equation::late;
  static constexpr int all = Equation::gates > 2 ? Equation::gates : 1;
  static constexpr int early = early_gates > 2 ? early_gates : 1;

  static Step part_of(const Step& step, std::int64_t first, std::int64_t streams) {
    return {step.values + first * step.width, step.width, step.states + first, streams};
  }

  void run_steps(const Step& step) {
    need_room(step.streams);
    for (std::int64_t b = 0; b < step.streams; ++b) {
      begin(step, b);
      list_.in[b] = step.at(in_, b);
      units_[b] = unit(b, step.state(state_, b), step, b, 0);
    }
    multiply_inputs(step.streams);
    advance(step.streams);
  }

  // All rows of all streams side by side, each one step from the start.
  void run_each(const Step& step) {
    float* held = room(held_, block * states * H_);
    need_room(block);
    std::int64_t count = 0;
    const auto flush = [&] {
      multiply_inputs(count);
      advance(count);
      count = 0;
    };
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(in_, b);
      for (std::int64_t r = 0; r < rows; ++r) {
        float* h = held + count * states * H_;
        start(step, b, h);
        list_.in[count] = step.at(in_, b) + r * in_.width;
        units_[count] = unit(count, h, step, b, r);
        if (++count == block) flush();
      }
    }
    if (count > 0) flush();
  }

  // The products of all rows at once, then row after row, the streams side by side.
  void run_rows(const Step& step) {
    std::int64_t count = 0, longest = 0;
    need_room(step.streams * in_.rows);
    float* held = room(held_, step.streams * states * H_);
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(in_, b);
      for (std::int64_t r = 0; r < rows; ++r) list_.in[count++] = step.at(in_, b) + r * in_.width;
      start(step, b, held + b * states * H_);
      longest = larger(longest, rows);
    }
    multiply_inputs(count);
    for (std::int64_t t = 0; t < longest; ++t) {
      std::int64_t side = 0, first = 0;
      for (std::int64_t b = 0; b < step.streams; ++b) {
        const std::int64_t rows = step.rows(in_, b), row = reverse_ ? rows - 1 - t : t;
        float* h = held + b * states * H_;
        if (t < rows) {
          if (restart_ > 0 && t > 0 && (reverse_ ? row + 1 : row) % restart_ == 0) clear(h);
          units_[side++] = unit(first + row, h, step, b, row);
        }
        first += rows;
      }
      advance(side);
    }
  }

  // What the step of one row works on: `number` is that of its products of inputs, `row` that of its outputs.
  Unit unit(std::int64_t number, float* h, const Step& step, std::int64_t b, std::int64_t row) {
    float* cell = outs_.size() > 1 ? step.at(outs_[1], b) + row * H_ : nullptr;
    const float* x = products_.data() + number * Equation::gates * H_;
    return {x, nullptr, h, h + H_, extra_.data(), step.at(outs_[0], b) + row * H_, cell};
  }

  void clear(float* h) const { std::memset(h, 0, bytes_of(states * H_)); }

  void start(const Step& step, std::int64_t b, float* h) const {
    if (starts_.empty()) return clear(h);
    for (std::size_t k = 0; k < starts_.size(); ++k) {
      std::memcpy(h + static_cast<std::int64_t>(k) * H_, step.at(starts_[k], b), bytes_of(H_));
    }
  }

  // The state begins with what it starts from, and anew after `restart` steps. What is counted is the place within a stretch,
  // or whether there was a step at all.
  void begin(const Step& step, std::int64_t b) const {
    if (restart_ == 0 && starts_.empty()) return;
    float* h = step.state(state_, b);
    float& number = h[states * H_];
    if (number == 0.0f && !starts_.empty()) {
      start(step, b, h);
    } else if (restart_ > 0 && number == static_cast<float>(restart_)) {
      clear(h);
      number = 0.0f;
    }
    number = restart_ > 0 ? number + 1.0f : 1.0f;
  }

  void need_room(std::int64_t rows) {
    list_.resize(rows);
    room(products_, rows * Equation::gates * H_);
  }

  // Of the first `count` rows of the list.
  void multiply_inputs(std::int64_t count) {
    constexpr std::int64_t G = Equation::gates;
    float* x = products_.data();
    for (std::int64_t k = 0; k < count; ++k) list_.out[k] = x + k * G * H_;
    from_x_->run(list_, count);
    for (std::int64_t k = 0; k < count; ++k) gains_x_.apply(x + k * G * H_, 0, G, H_);
  }

  // One step of the first `count` units.
  void advance(std::int64_t count) {
    constexpr std::int64_t G = Equation::gates;
    for (std::int64_t k = 0; k < count; ++k) units_[k].u = scratch_.data() + k * (G + 1) * H_;
    if (recurrent_) {
      for (std::int64_t k = 0; k < count; ++k) list_.in[k] = units_[k].h, list_.out[k] = units_[k].u;
      from_h_->run(list_, count);
      for (std::int64_t k = 0; k < count; ++k) gains_u_.apply(units_[k].u, 0, G - Equation::late, H_);
    }
    if constexpr (Equation::late > 0) run_late(count);
    for (std::int64_t k = 0; k < count; ++k) {
      const Unit& s = units_[k];
      for_vectors(H_, [&](std::int64_t j, std::int64_t left) { Equation::run(s, j, H_, left); });
      std::memcpy(s.out, s.h, bytes_of(H_));
      if (s.cell_out != nullptr) std::memcpy(s.cell_out, s.c, bytes_of(H_));
    }
  }

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

  Slot in_;
  std::vector<Slot> outs_, starts_;
  std::int64_t state_, H_, restart_;
  Over over_;
  bool reverse_, recurrent_;
  Gains gains_x_, gains_u_;
  std::unique_ptr<Product<all>> from_x_;
  std::unique_ptr<Product<early>> from_h_;
  std::unique_ptr<Product<1>> late_;
  std::vector<float> extra_;
  std::vector<float> products_;  // (rows, G H) of the inputs
  std::vector<float> scratch_;   // (block, (G + 1) H): products of the states, and the gated state
  std::vector<float> held_;      // states over rows
  std::vector<Unit> units_;
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
