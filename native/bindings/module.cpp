// Python's view of the kernels: addresses and sizes in, nothing out. Shapes, dtypes and lifetimes are checked by the
// caller, gatelet.kernels.native, which holds the arrays while a call runs.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <string>
#include <vector>

#include "dispatch.h"

namespace nb = nanobind;

namespace {

using Address = std::uintptr_t;  // of the first element; 0 is null

template <class T>
T* at(Address address) {
  return reinterpret_cast<T*>(address);
}

void fill_layer(gatelet::Layer& layer, const nb::dict& d) {
  const auto size = [&](const char* key) { return nb::cast<std::int64_t>(d[key]); };
  const auto floats = [&](const char* key) { return at<const float>(nb::cast<Address>(d[key])); };
  layer.sequence = {size("steps"), size("batch"), at<const std::int64_t>(nb::cast<Address>(d["offsets"])),
                    nb::cast<bool>(d["batch_first"]), nb::cast<bool>(d["reverse"])};
  layer.input = size("input");
  layer.hidden = size("hidden");
  layer.x = floats("x");
  layer.h0 = floats("h0");
  layer.c0 = floats("c0");
  layer.w_ih = floats("w_ih");
  layer.w_hh = floats("w_hh");
  layer.b_ih = floats("b_ih");
  layer.b_hh = floats("b_hh");
  layer.resets = at<const std::uint8_t>(nb::cast<Address>(d["resets"]));
}

gatelet::Forward forward_arguments(const nb::dict& layer, const nb::dict& d) {
  const auto floats = [&](const char* key) { return at<float>(nb::cast<Address>(d[key])); };
  gatelet::Forward a{};
  fill_layer(a, layer);
  a.y = floats("y");
  a.h_n = floats("h_n");
  a.c_n = floats("c_n");
  a.gates = floats("gates");
  a.cells = floats("cells");
  return a;
}

gatelet::Backward backward_arguments(const nb::dict& layer, const nb::dict& d) {
  const auto floats = [&](const char* key) { return at<float>(nb::cast<Address>(d[key])); };
  gatelet::Backward a{};
  fill_layer(a, layer);
  a.dy_stride = nb::cast<std::int64_t>(d["dy_stride"]);
  a.y = floats("y");
  a.gates = floats("gates");
  a.cells = floats("cells");
  a.dy = floats("dy");
  a.dh_n = floats("dh_n");
  a.dc_n = floats("dc_n");
  a.dx = floats("dx");
  a.dh0 = floats("dh0");
  a.dc0 = floats("dc0");
  a.dw_ih = floats("dw_ih");
  a.dw_hh = floats("dw_hh");
  a.db_ih = floats("db_ih");
  a.db_hh = floats("db_hh");
  return a;
}

// The kernels of one instruction set, bound to Python.
class Native {
 public:
  explicit Native(const std::string& isa) : kernels_(gatelet::choose_kernels(isa)) {}

  std::string isa() const { return kernels_.name; }

  void gru_forward(const nb::dict& layer, const nb::dict& arrays, int threads) const {
    run(kernels_.gru_forward, forward_arguments(layer, arrays), threads);
  }
  void gru_backward(const nb::dict& layer, const nb::dict& arrays, int threads) const {
    run(kernels_.gru_backward, backward_arguments(layer, arrays), threads);
  }
  void lstm_forward(const nb::dict& layer, const nb::dict& arrays, int threads) const {
    run(kernels_.lstm_forward, forward_arguments(layer, arrays), threads);
  }
  void lstm_backward(const nb::dict& layer, const nb::dict& arrays, int threads) const {
    run(kernels_.lstm_backward, backward_arguments(layer, arrays), threads);
  }

 private:
  template <class Arguments>
  static void run(void (*kernel)(const Arguments&, int), const Arguments& arguments, int threads) {
    nb::gil_scoped_release release;
    kernel(arguments, threads);
  }

  const gatelet::Kernels& kernels_;
};

}  // namespace

NB_MODULE(_native, m) {
  m.doc() = "Recurrent kernels compiled for several instruction sets.";
  m.def("available", [] {
    std::vector<std::string> names;
    for (const gatelet::Kernels* kernels : gatelet::available_kernels()) names.emplace_back(kernels->name);
    return names;
  });
  nb::class_<Native>(m, "Native")
      .def(nb::init<const std::string&>(), nb::arg("isa") = "")
      .def_prop_ro("isa", &Native::isa)
      .def("gru_forward", &Native::gru_forward)
      .def("gru_backward", &Native::gru_backward)
      .def("lstm_forward", &Native::lstm_forward)
      .def("lstm_backward", &Native::lstm_backward);
}
