// Python's view of the runtime: addresses and sizes in, nothing out. Shapes, dtypes and lifetimes are checked by the
// caller, gatelet.runtime, which holds the arrays while a call runs.
#include <nanobind/nanobind.h>

#include <cstdint>
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
  void fastgrnn(std::int64_t steps, Address x, Address h, Address y) { run<gatelet_q_fastgrnn_step>(steps, x, h, y); }
  void lstm(std::int64_t steps, Address x, Address h, Address c, Address y) {
    each_step(steps, x, h, y, [&](const std::int16_t* input) {
      gatelet_q_lstm_step(&cell_, input, at<std::int16_t>(h), at<std::int16_t>(c), scratch_.data());
    });
  }

 private:
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

// rows: of x (rows, I) and y (rows, O).
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

}  // namespace

NB_MODULE(_runtime, m) {
  m.doc() = "The C runtime for devices.";
  nb::class_<Cell>(m, "Cell")
      .def(nb::init<std::uint16_t, std::uint16_t, Address, Address, Address, std::uint8_t, std::uint8_t, std::int16_t,
                    std::int16_t>())
      .def("gru", &Cell::gru)
      .def("fastgrnn", &Cell::fastgrnn)
      .def("lstm", &Cell::lstm);
  m.def("dense", &dense);
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
