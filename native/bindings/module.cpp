// Python's view of the kernels: addresses and sizes in, nothing out. Shapes, dtypes and lifetimes are checked by the
// caller, gatelet.kernels.native, which holds the arrays while a call runs.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings.h"
#include "dispatch.h"

namespace nb = nanobind;

namespace {

// Takes the integers of a tuple one after the other: sizes, and the addresses of first elements, of which 0 is null.
class Reader {
 public:
  explicit Reader(const nb::tuple& values) : values_(values) {}

  std::int64_t size() { return nb::cast<std::int64_t>(values_[next_++]); }
  template <class T>
  void operator()(T*& address) {
    address = reinterpret_cast<T*>(nb::cast<std::uintptr_t>(values_[next_++]));
  }
  bool done() const { return next_ == values_.size(); }

 private:
  const nb::tuple& values_;
  std::size_t next_ = 0;
};

void check(const Reader& read) {
  if (!read.done()) throw std::invalid_argument("The kernels must be given as many numbers as they read; got more.");
}

void fill_layer(gatelet::Layer& a, const nb::tuple& values, double zoneout) {
  Reader read(values);
  a.sequence.steps = read.size();
  a.sequence.batch = read.size();
  a.sequence.batch_first = read.size() != 0;
  a.sequence.reverse = read.size() != 0;
  a.input = read.size();
  a.hidden = read.size();
  read(a.x), read(a.h0), read(a.c0), read(a.w_ih), read(a.w_hh), read(a.b_ih), read(a.b_hh);
  read(a.layer_norm_ih), read(a.layer_norm_hh), read(a.dropout_mask), read(a.zoneout_seed);
  read(a.sequence.offsets), read(a.resets);
  a.zoneout = zoneout;
  check(read);
}

gatelet::Forward forward_arguments(const nb::tuple& layer, double zoneout, const nb::tuple& arrays) {
  gatelet::Forward a{};
  fill_layer(a, layer, zoneout);
  Reader read(arrays);
  read(a.y), read(a.h_n), read(a.c_n), read(a.gates), read(a.cells);
  check(read);
  return a;
}

gatelet::Backward backward_arguments(const nb::tuple& layer, double zoneout, const nb::tuple& arrays) {
  gatelet::Backward a{};
  fill_layer(a, layer, zoneout);
  Reader read(arrays);
  a.dy_stride = read.size();
  read(a.dy), read(a.dh_n), read(a.dc_n), read(a.y), read(a.gates), read(a.cells);
  read(a.dx), read(a.dh0), read(a.dc0), read(a.dw_ih), read(a.dw_hh), read(a.db_ih), read(a.db_hh);
  read(a.dlayer_norm_ih), read(a.dlayer_norm_hh);
  check(read);
  return a;
}

void fill_scan(gatelet::Scan& a, Reader& read) {
  a.sequence.steps = read.size();
  a.sequence.batch = read.size();
  a.sequence.batch_first = read.size() != 0;
  a.sequence.reverse = read.size() != 0;
  a.hidden = read.size();
  a.half = read.size() != 0;
  read(a.gates), read(a.h0), read(a.sequence.offsets), read(a.resets);
}

gatelet::ScanForward scan_forward_arguments(const nb::tuple& values) {
  gatelet::ScanForward a{};
  Reader read(values);
  fill_scan(a, read);
  read(a.y), read(a.h_n);
  check(read);
  return a;
}

gatelet::ScanBackward scan_backward_arguments(const nb::tuple& values) {
  gatelet::ScanBackward a{};
  Reader read(values);
  fill_scan(a, read);
  a.dy_stride = read.size();
  read(a.dy), read(a.dh_n), read(a.y), read(a.dgates), read(a.dh0);
  check(read);
  return a;
}

// The kernels of one instruction set, bound to Python.
class Native {
 public:
  explicit Native(const std::string& isa) : kernels_(gatelet::choose_kernels(isa)) {}

  std::string isa() const { return kernels_.name; }

  // layer, arrays: the fields of gatelet::Layer, Forward and Backward, in the order in which this file reads them.
  // half: the arrays are bfloat16.
  void forward(const char* cell, bool half, const nb::tuple& layer, double zoneout, const nb::tuple& arrays,
               int threads) const {
    run(found(kernels_.find(cell, half), cell).forward, forward_arguments(layer, zoneout, arrays), threads);
  }
  void backward(const char* cell, bool half, const nb::tuple& layer, double zoneout, const nb::tuple& arrays,
                int threads) const {
    run(found(kernels_.find(cell, half), cell).backward, backward_arguments(layer, zoneout, arrays), threads);
  }
  void scan(const char* cell, const nb::tuple& arrays, int threads) const {
    run(found(kernels_.find_scan(cell), cell).forward, scan_forward_arguments(arrays), threads);
  }
  void scan_backward(const char* cell, const nb::tuple& arrays, int threads) const {
    run(found(kernels_.find_scan(cell), cell).backward, scan_backward_arguments(arrays), threads);
  }

 private:
  template <class Row>
  static const Row& found(const Row* row, const char* cell) {
    if (row == nullptr) throw std::invalid_argument(std::string("There must be kernels of the cell; got ") + cell + ".");
    return *row;
  }

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
      .def("forward", &Native::forward)
      .def("backward", &Native::backward)
      .def("scan", &Native::scan)
      .def("scan_backward", &Native::scan_backward);
  bind_streams(m);
}
