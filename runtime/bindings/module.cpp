// Python's view of the runtime: addresses and sizes in, nothing out. Shapes, dtypes and lifetimes are checked by the
// caller, gatelet.runtime, which holds the arrays while a call runs.
#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "gatelet.h"

namespace nb = nanobind;

namespace {

using Address = std::uintptr_t;

template <class T>
T* at(Address address) {
  return reinterpret_cast<T*>(address);
}

// A recurrent layer, over a sequence of any length. x: (steps, I), y: (steps, H); h and c: (H), are replaced.
class Cell {
 public:
  Cell(std::uint16_t inputs, std::uint16_t units, Address weights, Address multipliers, Address biases,
       std::uint8_t shift, std::uint8_t exponent, std::int16_t zeta, std::int16_t nu)
      : cell_{inputs, units, at<std::int8_t>(weights), at<std::int16_t>(multipliers), at<std::int32_t>(biases),
              shift,  exponent, zeta, nu},
        scratch_(GATELET_Q_SCRATCH(inputs, units)) {}

  void gru(std::int64_t steps, Address x, Address h, Address y) { run<gatelet_q_gru_step>(steps, x, h, y); }
  void gru_sparse(Address blocks, std::int64_t steps, Address x, Address h, Address y) {
    each_step(steps, x, h, y, [&](const std::int16_t* input) {
      gatelet_q_gru_sparse_step(&cell_, at<std::uint16_t>(blocks), input, at<std::int16_t>(h), scratch_.data());
    });
  }
  void lstm_sparse(Address blocks, std::int64_t steps, Address x, Address h, Address c, Address y) {
    each_step(steps, x, h, y, [&](const std::int16_t* input) {
      gatelet_q_lstm_sparse_step(&cell_, at<std::uint16_t>(blocks), input, at<std::int16_t>(h), at<std::int16_t>(c),
                                 scratch_.data());
    });
  }
  // The right factor: rank, weights, multipliers, biases, shift.
  void gru_low_rank(std::uint16_t rank, Address w, Address m, Address b, std::uint8_t shift, std::int64_t steps, Address x,
                    Address h, Address y) {
    const gatelet_q_dense right = right_of(rank, w, m, b, shift);
    each_step(steps, x, h, y, [&](const std::int16_t* input) {
      gatelet_q_gru_low_rank_step(&cell_, &right, input, at<std::int16_t>(h), scratch_.data());
    });
  }
  void lstm_low_rank(std::uint16_t rank, Address w, Address m, Address b, std::uint8_t shift, std::int64_t steps, Address x,
                     Address h, Address c, Address y) {
    const gatelet_q_dense right = right_of(rank, w, m, b, shift);
    each_step(steps, x, h, y, [&](const std::int16_t* input) {
      gatelet_q_lstm_low_rank_step(&cell_, &right, input, at<std::int16_t>(h), at<std::int16_t>(c), scratch_.data());
    });
  }
  void fastgrnn(std::int64_t steps, Address x, Address h, Address y) { run<gatelet_q_fastgrnn_step>(steps, x, h, y); }
  void lstm(std::int64_t steps, Address x, Address h, Address c, Address y) {
    each_step(steps, x, h, y, [&](const std::int16_t* input) {
      gatelet_q_lstm_step(&cell_, input, at<std::int16_t>(h), at<std::int16_t>(c), scratch_.data());
    });
  }

 private:
  gatelet_q_dense right_of(std::uint16_t rank, Address weights, Address multipliers, Address biases, std::uint8_t shift) {
    scratch_.resize(GATELET_Q_LOW_RANK_SCRATCH(std::size_t{cell_.inputs}, cell_.units, rank));
    return {cell_.units, rank, at<std::int8_t>(weights), at<std::int16_t>(multipliers), at<std::int32_t>(biases), shift};
  }

  template <auto step>
  void run(std::int64_t steps, Address x, Address h, Address y) {
    each_step(steps, x, h, y, [&](const std::int16_t* input) {
      step(&cell_, input, at<std::int16_t>(h), scratch_.data());
    });
  }

  template <class Step>
  void each_step(std::int64_t steps, Address x, Address h, Address y, Step step) const {
    for (std::int64_t t = 0; t < steps; t++) {
      step(at<const std::int16_t>(x) + t * cell_.inputs);
      for (int k = 0; k < cell_.units; k++) at<std::int16_t>(y)[t * cell_.units + k] = at<std::int16_t>(h)[k];
    }
  }

  gatelet_q_cell cell_;
  std::vector<gatelet_four> scratch_;
};

// A recurrent layer in floats; arrays as above. rank and right: of a W_hh of low rank, else 0. blocks: of a sparse one, else
// 0; c: of an LSTM, else 0.
struct FloatStep {
  const char* name;
  void (*step)(const gatelet_f_cell*, const float*, float*, float*);
};
constexpr FloatStep float_steps[] = {
    {"gru", gatelet_f_gru_step},
    {"gru_before", gatelet_f_gru_before_step},
    {"fastgrnn", gatelet_f_fastgrnn_step},
    {"rnn", gatelet_f_rnn_step},
    {"ligru", gatelet_f_ligru_step},
    {"mgu", gatelet_f_mgu_step},
    {"min_gru", gatelet_f_min_gru_step},
    {"min_lstm", gatelet_f_min_lstm_step},
};

class FloatCell {
 public:
  FloatCell(std::uint16_t inputs, std::uint16_t units, std::uint16_t rank, Address weights, Address biases, Address right,
            float zeta, float nu)
      : cell_{inputs, units, at<float>(weights), at<float>(biases), zeta, nu},
        rank_(rank),
        right_(at<float>(right)),
        scratch_(GATELET_F_GATED_SCRATCH(inputs, units) + GATELET_F_LOW_RANK_SCRATCH(0, 0, rank)) {}

  void run(const std::string& kind, Address blocks, std::int64_t steps, Address x, Address h, Address c, Address y) {
    const FloatStep* found = std::find_if(std::begin(float_steps), std::end(float_steps),
                                          [&](const FloatStep& row) { return kind == row.name; });
    if (found == std::end(float_steps) && kind != "lstm") throw std::invalid_argument("There is no cell " + kind + ".");
    auto* state = at<float>(h);
    for (std::int64_t t = 0; t < steps; t++) {
      const float* input = at<const float>(x) + t * cell_.inputs;
      if (kind == "lstm" && rank_ > 0) {
        gatelet_f_lstm_low_rank_step(&cell_, right_, rank_, input, state, at<float>(c), scratch_.data());
      } else if (rank_ > 0) {
        gatelet_f_gru_low_rank_step(&cell_, right_, rank_, input, state, scratch_.data());
      } else if (kind == "lstm" && blocks != 0) {
        gatelet_f_lstm_sparse_step(&cell_, at<std::uint16_t>(blocks), input, state, at<float>(c), scratch_.data());
      } else if (kind == "lstm") {
        gatelet_f_lstm_step(&cell_, input, state, at<float>(c), scratch_.data());
      } else if (blocks != 0) {
        gatelet_f_gru_sparse_step(&cell_, at<std::uint16_t>(blocks), input, state, scratch_.data());
      } else {
        found->step(&cell_, input, state, scratch_.data());
      }
      std::copy_n(state, cell_.units, at<float>(y) + t * cell_.units);
    }
  }

 private:
  gatelet_f_cell cell_;
  std::uint16_t rank_;
  const float* right_;
  std::vector<float> scratch_;
};

// rows: of x (rows, I) and y (rows, O).
void float_dense(std::int64_t rows, std::uint16_t inputs, std::uint16_t outputs, Address weights, Address biases,
                 Address x, Address y) {
  std::vector<float> scratch(GATELET_F_SCRATCH(inputs, 0));
  for (std::int64_t t = 0; t < rows; t++) {
    gatelet_f_dense(at<float>(weights), at<float>(biases), inputs, outputs, at<const float>(x) + t * inputs,
                    at<float>(y) + t * outputs, scratch.data());
  }
}

void dense(std::int64_t rows, std::uint16_t inputs, std::uint16_t outputs, Address weights, Address multipliers,
           Address biases, std::uint8_t shift, Address x, Address y) {
  const gatelet_q_dense layer{inputs, outputs, at<std::int8_t>(weights), at<std::int16_t>(multipliers),
                              at<std::int32_t>(biases), shift};
  std::vector<gatelet_four> scratch(GATELET_Q_SCRATCH(inputs, 0));
  for (std::int64_t t = 0; t < rows; t++) {
    gatelet_q_dense_step(&layer, at<const std::int16_t>(x) + t * inputs, at<std::int16_t>(y) + t * outputs,
                         scratch.data());
  }
}

// Frames of steps hops. constants: window, places, turns, spans, filters; x: (steps, hop), y: (steps, bands).
void log_mel(std::int64_t steps, const std::array<std::uint16_t, 5>& sizes, float floor,
             const std::array<Address, 5>& constants, Address x, Address samples, Address y) {
  const auto [hop, length, half, odd, bands] = sizes;
  const gatelet_f_log_mel sound{hop,
                                length,
                                half,
                                odd,
                                bands,
                                floor,
                                at<float>(constants[0]),
                                at<std::uint16_t>(constants[1]),
                                at<float>(constants[2]),
                                at<std::uint16_t>(constants[3]),
                                at<float>(constants[4])};
  std::vector<float> scratch(static_cast<std::size_t>(GATELET_F_LOG_MEL_SCRATCH(half, odd)));
  for (std::int64_t t = 0; t < steps; t++) {
    gatelet_f_log_mel_step(&sound, at<const float>(x) + t * hop, at<float>(samples), at<float>(y) + t * bands,
                           scratch.data());
  }
}

}  // namespace

NB_MODULE(_runtime, m) {
  m.doc() = "The C runtime for devices.";
  nb::class_<Cell>(m, "Cell")
      .def(nb::init<std::uint16_t, std::uint16_t, Address, Address, Address, std::uint8_t, std::uint8_t, std::int16_t,
                    std::int16_t>())
      .def("gru", &Cell::gru)
      .def("gru_sparse", &Cell::gru_sparse)
      .def("lstm_sparse", &Cell::lstm_sparse)
      .def("gru_low_rank", &Cell::gru_low_rank)
      .def("lstm_low_rank", &Cell::lstm_low_rank)
      .def("fastgrnn", &Cell::fastgrnn)
      .def("lstm", &Cell::lstm);
  nb::class_<FloatCell>(m, "FloatCell")
      .def(nb::init<std::uint16_t, std::uint16_t, std::uint16_t, Address, Address, Address, float, float>())
      .def("run", &FloatCell::run);
  m.def("dense", &dense);
  m.def("float_dense", &float_dense);
  m.def("log_mel", &log_mel);
  m.def("float_layer_norm", [](Address gains, Address biases, float epsilon, std::uint16_t size, Address x) {
    gatelet_f_layer_norm(at<float>(gains), at<float>(biases), epsilon, size, at<float>(x));
  });
  m.def("float_sigmoid", [](Address x, std::uint16_t size) { gatelet_f_sigmoid(at<float>(x), size); });
  m.def("float_tanh", [](Address x, std::uint16_t size) { gatelet_f_tanh(at<float>(x), size); });
  m.def("float_softmax", [](Address x, std::uint16_t size) { gatelet_f_softmax(at<float>(x), size); });
  m.def("embed", [](Address table, Address multipliers, std::uint16_t rows, std::uint16_t size, std::uint8_t shift,
                    std::uint16_t row, Address y) {
    gatelet_q_embed(at<std::int8_t>(table), at<std::int16_t>(multipliers), rows, size, shift, row, at<std::int16_t>(y));
  });
  m.def("affine", [](Address centers, Address multipliers, std::uint16_t size, std::uint8_t shift, Address x, Address y) {
    gatelet_q_affine(at<std::int16_t>(centers), at<std::int16_t>(multipliers), size, shift, at<std::int16_t>(x),
                     at<std::int16_t>(y));
  });
  m.def("sigmoid", [](Address x, std::uint16_t size) { gatelet_q_sigmoid(at<std::int16_t>(x), size); });
  m.def("tanh", [](Address x, std::uint16_t size) { gatelet_q_tanh(at<std::int16_t>(x), size); });
  m.def("relu", [](Address x, std::uint16_t size) { gatelet_q_relu(at<std::int16_t>(x), size); });
  m.def("argmax", [](Address x, std::uint16_t size) { return gatelet_q_argmax(at<std::int16_t>(x), size); });
}
