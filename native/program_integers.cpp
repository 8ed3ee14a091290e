// Integer operations, by the C for devices in runtime/: the bits that a device has. Their values are floats here, which hold
// 16 bits exactly; sums of a pool are doubles.
#include "gatelet.h"
#include "program_recurrent.h"

namespace gatelet::GATELET_ISA {
namespace {

using Shorts = std::vector<std::int16_t>;

template <class T>
std::vector<T> numbers(const Description& d, std::size_t which) {
  const std::string& bytes = d.constants.at(which);
  std::vector<T> found(bytes.size() / sizeof(T));
  if (!found.empty()) std::memcpy(found.data(), bytes.data(), found.size() * sizeof(T));
  return found;
}

// What came from outside may be anything; what integer operations wrote is exact.
std::int16_t short_of(double x) {
  return static_cast<std::int16_t>(!(x > -32768.0) ? (x == x ? -32768 : 0) : x > 32767.0 ? 32767 : static_cast<int>(x));
}

void to_shorts(const float* from, std::int64_t count, std::int16_t* to) {
  for (std::int64_t j = 0; j < count; ++j) to[j] = short_of(from[j]);
}

void to_floats(const std::int16_t* from, std::int64_t count, float* to) {
  for (std::int64_t j = 0; j < count; ++j) to[j] = from[j];
}

enum class Kind { gru, sparse_gru, lstm, sparse_lstm, fastgrnn, low_rank_gru, low_rank_lstm };

// Settings, after those of all cells: the kind, I, shift, exponent, zeta, nu, and the rank and the shift of a right factor.
// Constants: weights, multipliers, biases, blocks of a sparse cell, then weights, multipliers and biases of the right factor,
// as gatelet.h has them.
class IntegerCell : public Recurrent {
 public:
  explicit IntegerCell(const Description& d)
      : Recurrent(d, d.kind == "IntegerLSTM" ? 2 : 1),
        kind_(static_cast<Kind>(whole(d, 4))),
        has_c_(d.kind == "IntegerLSTM"),
        weights_(numbers<std::int8_t>(d, 0)),
        multipliers_(numbers<std::int16_t>(d, 1)),
        biases_(numbers<std::int32_t>(d, 2)),
        blocks_(numbers<std::uint16_t>(d, 3)),
        x_(static_cast<std::size_t>(in_.width)),
        h_(static_cast<std::size_t>(H_)),
        c_(static_cast<std::size_t>(H_)),
        right_weights_(numbers<std::int8_t>(d, 4)),
        right_multipliers_(numbers<std::int16_t>(d, 5)),
        right_biases_(numbers<std::int32_t>(d, 6)),
        scratch_(static_cast<std::size_t>(GATELET_Q_LOW_RANK_SCRATCH(in_.width, H_, whole(d, 10)))),
        cell_{static_cast<std::uint16_t>(whole(d, 5)), static_cast<std::uint16_t>(H_), weights_.data(), multipliers_.data(),
              biases_.data(), static_cast<std::uint8_t>(whole(d, 6)), static_cast<std::uint8_t>(whole(d, 7)),
              static_cast<std::int16_t>(whole(d, 8)), static_cast<std::int16_t>(whole(d, 9))},
        right_{static_cast<std::uint16_t>(H_), static_cast<std::uint16_t>(whole(d, 10)), right_weights_.data(),
               right_multipliers_.data(), right_biases_.data(), static_cast<std::uint8_t>(whole(d, 11))} {}

 protected:
  void prepare(std::int64_t) override {}
  void multiply_inputs(std::int64_t) override {}
  const float* input(std::int64_t number) override { return list_.in[static_cast<std::size_t>(number)]; }

  void advance(std::int64_t count) override {
    for (std::int64_t k = 0; k < count; ++k) {
      const Unit& s = units_[static_cast<std::size_t>(k)];
      to_shorts(s.x, in_.width, x_.data());
      to_shorts(s.h, H_, h_.data());
      if (has_c_) to_shorts(s.c, H_, c_.data());
      advance_one();
      to_floats(h_.data(), H_, s.h);
      std::memcpy(s.out, s.h, bytes_of(H_));
      if (has_c_) to_floats(c_.data(), H_, s.c);
      if (s.cell_out != nullptr) std::memcpy(s.cell_out, s.c, bytes_of(H_));
    }
  }

 private:
  void advance_one() {
    switch (kind_) {
      case Kind::gru: return gatelet_q_gru_step(&cell_, x_.data(), h_.data(), scratch_.data());
      case Kind::sparse_gru:
        return gatelet_q_gru_sparse_step(&cell_, blocks_.data(), x_.data(), h_.data(), scratch_.data());
      case Kind::low_rank_gru:
        return gatelet_q_gru_low_rank_step(&cell_, &right_, x_.data(), h_.data(), scratch_.data());
      case Kind::lstm: return gatelet_q_lstm_step(&cell_, x_.data(), h_.data(), c_.data(), scratch_.data());
      case Kind::sparse_lstm:
        return gatelet_q_lstm_sparse_step(&cell_, blocks_.data(), x_.data(), h_.data(), c_.data(), scratch_.data());
      case Kind::low_rank_lstm:
        return gatelet_q_lstm_low_rank_step(&cell_, &right_, x_.data(), h_.data(), c_.data(), scratch_.data());
      case Kind::fastgrnn: return gatelet_q_fastgrnn_step(&cell_, x_.data(), h_.data(), scratch_.data());
    }
  }

  Kind kind_;
  bool has_c_;
  std::vector<std::int8_t> weights_;
  Shorts multipliers_;
  std::vector<std::int32_t> biases_;
  std::vector<std::uint16_t> blocks_;
  Shorts x_, h_, c_;
  std::vector<std::int8_t> right_weights_;
  Shorts right_multipliers_;
  std::vector<std::int32_t> right_biases_;
  std::vector<gatelet_four> scratch_;
  gatelet_q_cell cell_;
  gatelet_q_dense right_;
};

enum class Gate { linear, relu, tanh, sigmoid };

// Settings: the shift, the function. Constants: weights, multipliers, biases, as gatelet.h has them.
std::unique_ptr<Part> integer_dense(const Description& d) {
  const auto I = static_cast<std::uint16_t>(d.inputs[0].width), O = static_cast<std::uint16_t>(d.outputs[0].width);
  return each_row(d, [weights = numbers<std::int8_t>(d, 0), multipliers = numbers<std::int16_t>(d, 1),
                      biases = numbers<std::int32_t>(d, 2), shift = static_cast<std::uint8_t>(whole(d, 0)),
                      gate = static_cast<Gate>(whole(d, 1)), I, O, given = Shorts(I), written = Shorts(O),
                      scratch = std::vector<gatelet_four>(GATELET_Q_SCRATCH(I, 0))](const float* x, float* y, float*,
                                                                                   std::int64_t) mutable {
    const gatelet_q_dense layer{I, O, weights.data(), multipliers.data(), biases.data(), shift};
    to_shorts(x, I, given.data());
    gatelet_q_dense_step(&layer, given.data(), written.data(), scratch.data());
    if (gate == Gate::relu) gatelet_q_relu(written.data(), O);
    if (gate == Gate::tanh) gatelet_q_tanh(written.data(), O);
    if (gate == Gate::sigmoid) gatelet_q_sigmoid(written.data(), O);
    to_floats(written.data(), O, y);
  });
}

// Settings: the shift. Constants: centers, multipliers.
std::unique_ptr<Part> integer_affine(const Description& d) {
  const auto F = static_cast<std::uint16_t>(d.inputs[0].width);
  return each_row(d, [centers = numbers<std::int16_t>(d, 0), multipliers = numbers<std::int16_t>(d, 1),
                      shift = static_cast<std::uint8_t>(whole(d, 0)), F, row = Shorts(F)](const float* x, float* y, float*,
                                                                                         std::int64_t) mutable {
    to_shorts(x, F, row.data());
    gatelet_q_affine(centers.data(), multipliers.data(), F, shift, row.data(), row.data());
    to_floats(row.data(), F, y);
  });
}

// clamp16(256 sum / d), to the nearest, halves away from zero.
float quotient(double sum, std::int64_t d) {
  const std::int64_t size = static_cast<std::int64_t>(std::fabs(sum)), whole = size / d, rest = size % d;
  const std::int64_t found = 256 * whole + (256 * rest + d / 2) / d;
  return short_of(static_cast<double>(sum < 0.0 ? -found : found));
}

// Settings: the shift, whether vectors are averaged. Constants: the table (V, E), multipliers (V).
class IntegerEmbedding : public Part {
 public:
  explicit IntegerEmbedding(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        parts_(whole(d, 1) != 0 ? in_.width : 1),
        shift_(static_cast<std::uint8_t>(whole(d, 0))),
        table_(numbers<std::int8_t>(d, 0)),
        multipliers_(numbers<std::int16_t>(d, 1)),
        row_(static_cast<std::size_t>(out_.width)) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(out_, b);
      for (std::int64_t r = 0; r < rows; ++r) look_up(step.at(in_, b) + r * parts_, step.at(out_, b) + r * out_.width);
    }
  }

 private:
  void look_up(const float* x, float* y) {
    const std::int64_t E = out_.width;
    std::int64_t count = 0;
    std::memset(y, 0, bytes_of(E));
    for (std::int64_t p = 0; p < parts_; ++p) {
      if (!(x[p] >= 0.0f && x[p] < static_cast<float>(multipliers_.size()))) continue;
      const auto token = static_cast<std::size_t>(x[p]);
      gatelet_q_embed(table_.data() + token * row_.size(), multipliers_.data() + token, 1, static_cast<std::uint16_t>(E),
                      shift_, 0, row_.data());
      for (std::int64_t j = 0; j < E; ++j) y[j] += row_[static_cast<std::size_t>(j)];
      ++count;
    }
    for (std::int64_t j = 0; j < E && count > 1; ++j) y[j] = quotient(y[j], 256 * count);
  }

  Slot in_, out_;
  std::int64_t parts_;
  std::uint8_t shift_;
  std::vector<std::int8_t> table_;
  Shorts multipliers_, row_;
};

// Settings: the kind; whether over rows. State, over steps: the largest (F) in floats, or the sum (F) and the count in doubles.
class IntegerPool : public Part {
 public:
  explicit IntegerPool(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        state_(d.state),
        kind_(static_cast<Pooling>(whole(d, 0))),
        over_rows_(whole(d, 1) != 0),
        own_(static_cast<std::size_t>(in_.width + 1)) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(in_, b);
      const float* x = step.at(in_, b);
      float* y = step.at(out_, b);
      if (kind_ == Pooling::last) {
        std::memcpy(y, x + larger(rows - 1, 0) * in_.width, bytes_of(in_.width));
      } else if (kind_ == Pooling::max) {
        find_largest(x, rows, y, over_rows_ ? nullptr : step.state(state_, b));
      } else {
        double* sums = over_rows_ ? own_.data() : step.state<double>(state_, b);
        if (over_rows_) own_.assign(own_.size(), 0.0);
        for (std::int64_t r = 0; r < rows; ++r) add(x + r * in_.width, sums);
        divide(sums, y);
      }
    }
  }

 private:
  void find_largest(const float* x, std::int64_t rows, float* y, float* state) const {
    for (std::int64_t j = 0; j < in_.width; ++j) {
      float found = state != nullptr ? state[j] : -32768.0f;
      for (std::int64_t r = 0; r < rows; ++r) found = x[r * in_.width + j] > found ? x[r * in_.width + j] : found;
      y[j] = found;
      if (state != nullptr) state[j] = found;
    }
  }

  // A sum of 2^15 vectors is halved before, and so is the count.
  void add(const float* x, double* sums) const {
    const std::int64_t F = in_.width;
    if (sums[F] == 32768.0) {
      for (std::int64_t j = 0; j < F; ++j) sums[j] = std::floor((sums[j] + 1.0) / 2.0);
      sums[F] = 16384.0;
    }
    for (std::int64_t j = 0; j < F; ++j) sums[j] += x[j];
    sums[F] += 1.0;
  }

  void divide(const double* sums, float* y) const {
    const std::int64_t F = in_.width, count = static_cast<std::int64_t>(sums[F]);
    // below 2^31, whose root is exact in double precision but for what is rounded down
    const auto root = static_cast<std::int64_t>(std::sqrt(65536.0 * static_cast<double>(count)));
    for (std::int64_t j = 0; j < F; ++j) y[j] = quotient(sums[j], larger(1, kind_ == Pooling::mean ? 256 * count : root));
  }

  Slot in_, out_;
  std::int64_t state_;
  Pooling kind_;
  bool over_rows_;
  std::vector<double> own_;
};

// Settings: the unit. Reads doubles, so that what lies between two integers falls to the right one.
std::unique_ptr<Part> quantize(const Description& d) {
  return each_row<double>(d, [unit = d.settings.at(0)](const double* x, float* y, float*, std::int64_t F) {
    for (std::int64_t j = 0; j < F; ++j) y[j] = short_of(std::floor(x[j] / unit + 0.5));
  });
}

template <class Y>
std::unique_ptr<Part> dequantize(const Description& d) {
  return each_row<float, Y>(d, [unit = d.settings.at(0)](const float* x, Y* y, float*, std::int64_t F) {
    for (std::int64_t j = 0; j < F; ++j) y[j] = static_cast<Y>(unit * x[j]);
  });
}

}  // namespace

std::unique_ptr<Part> new_integer_cell(const Description& d) {
  if (d.kind == "IntegerGRU" || d.kind == "IntegerLSTM" || d.kind == "IntegerFastGRNN") return std::make_unique<IntegerCell>(d);
  return nullptr;
}

std::unique_ptr<Part> new_integer_layer(const Description& d) {
  if (d.kind == "IntegerDense") return integer_dense(d);
  if (d.kind == "IntegerAffine") return integer_affine(d);
  if (d.kind == "IntegerEmbedding") return std::make_unique<IntegerEmbedding>(d);
  if (d.kind == "IntegerPool") return std::make_unique<IntegerPool>(d);
  if (d.kind == "Quantize") return quantize(d);
  if (d.kind == "Dequantize") return d.doubles ? dequantize<double>(d) : dequantize<float>(d);
  return nullptr;
}

}  // namespace gatelet::GATELET_ISA
