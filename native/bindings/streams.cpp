// Python's view of a program: streams with their states, and steps of some of them. Shapes come from a plan that has been
// checked; what a caller hands over at each step is checked here. One frame of one stream goes by NumPy's own interface, since
// buffers, and arrays made in Python, take longer than a small program.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "bindings.h"
#include "dispatch.h"
#include "program.h"

namespace nb = nanobind;

namespace {

using Array = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
// offset, rows, width, and where the number of rows is written (-1: nowhere), as gatelet::Slot; then 1 for doubles
using Place = std::array<std::int64_t, 5>;
using Places = std::vector<Place>;
using Shape = std::vector<npy_intp>;

// Numbers that somebody's array holds, for the length of a call.
class View {
 public:
  // formats: those that it may have, in the words of Python's struct.
  View(const nb::handle& object, const char* formats, bool writable) {
    if (PyObject_GetBuffer(object.ptr(), &buffer_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0))) {
      throw nb::python_error();
    }
    // long and long long are one type here, and NumPy calls it by either name
    given_ = buffer_.format != nullptr ? buffer_.format[0] : 'B';
    given_ = given_ == 'q' ? 'l' : given_;
    if (std::strchr(formats, given_) == nullptr) {
      PyBuffer_Release(&buffer_);
      throw std::invalid_argument(std::string("Frames must be of the type '") + formats + "'; got '" + given_ + "'.");
    }
  }
  ~View() { PyBuffer_Release(&buffer_); }
  View(const View&) = delete;

  template <class T>
  T* data() const {
    return static_cast<T*>(buffer_.buf);
  }
  // Where the row of this number begins, all of so many numbers.
  std::byte* row(std::int64_t number, std::int64_t size) const {
    return static_cast<std::byte*>(buffer_.buf) + number * size * buffer_.itemsize;
  }
  std::int64_t count() const { return static_cast<std::int64_t>(buffer_.len / buffer_.itemsize); }
  bool doubles() const { return given_ == 'd'; }

 private:
  Py_buffer buffer_{};
  char given_;
};

using Views = std::vector<std::unique_ptr<View>>;

// An input or an output.
struct Port {
  gatelet::Slot slot;
  bool doubles;

  std::size_t number() const { return doubles ? sizeof(double) : sizeof(float); }
};

gatelet::Slot slot(const Place& place) { return {place[0], place[1], place[2], place[3]}; }

std::int64_t size_of(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<gatelet::Slot> slots(const Places& places) {
  std::vector<gatelet::Slot> found;
  for (const Place& place : places) found.push_back(slot(place));
  return found;
}

std::vector<Port> ports(const Places& places) {
  std::vector<Port> found;
  for (const Place& place : places) found.push_back({slot(place), place[4] != 0});
  return found;
}

// Rows of bytes that begin at cache lines.
class Rows {
 public:
  void resize(std::size_t bytes) {
    const std::size_t lines = (bytes + sizeof(Line) - 1) / sizeof(Line);
    if (lines > lines_.size()) lines_.resize(lines);
  }
  std::byte* data() { return reinterpret_cast<std::byte*>(lines_.data()); }

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> lines_;
};

class Streams {
 public:
  // width: bytes of the values of a step. first: what a stream remembers before its first step; both multiples of 64 bytes.
  // rounded: whether matrices are packed as bfloat16.
  Streams(const std::string& isa, std::int64_t width, const nb::bytes& first, const Places& inputs, const Places& outputs,
          bool rounded)
      : program_(gatelet::choose_kernels(isa).new_program(width)),
        width_(width),
        rounded_(rounded),
        inputs_(ports(inputs)),
        outputs_(ports(outputs)),
        first_(first.size()) {
    std::memcpy(first_.data(), first.c_str(), first.size());
  }

  void add(const std::string& kind, const Places& inputs, const Places& outputs, std::int64_t state,
           const std::vector<double>& settings, const nb::list& weights, const std::vector<nb::bytes>& constants,
           bool doubles) {
    gatelet::Description d{kind, slots(inputs), slots(outputs), state, settings, {}, {}, doubles, rounded_};
    for (const nb::bytes& constant : constants) d.constants.emplace_back(constant.c_str(), constant.size());
    std::vector<Array> held;
    for (const nb::handle& weight : weights) {
      if (weight.is_none()) {
        d.weights.push_back({nullptr, 0});
        continue;
      }
      held.push_back(nb::cast<Array>(weight));
      d.weights.push_back({held.back().data(), static_cast<std::int64_t>(held.back().size())});
    }
    program_->add(d);
  }

  // Room for so many streams; new ones are at their beginning.
  void resize(std::int64_t count) {
    if (count < 0) throw std::invalid_argument("There must be room for some streams.");
    states_.resize(static_cast<std::size_t>(count) * first_.size());
    const std::int64_t before = started_;
    started_ = count;
    for (std::int64_t stream = before; stream < count; ++stream) reset(stream);
  }

  void reset(std::int64_t stream) { std::memcpy(state_of(stream), first_.data(), first_.size()); }

  nb::bytes state(std::int64_t stream) { return nb::bytes(state_of(stream), first_.size()); }

  void restore(std::int64_t stream, const nb::bytes& state) {
    if (state.size() != first_.size()) throw std::invalid_argument("A state must have its size.");
    std::memcpy(state_of(stream), state.c_str(), state.size());
  }

  // The shapes of the one input and the one output, where `frame` is to take such.
  void shape(const Shape& given, const Shape& written) {
    if (inputs_.size() != 1 || outputs_.size() != 1 || size_of(given) != inputs_[0].slot.size() ||
        size_of(written) != outputs_[0].slot.size()) {
      throw std::invalid_argument("Shapes must be those of the one input and the one output.");
    }
    given_ = given, written_ = written;
  }

  // One frame of one stream: a new array of the output, or None where what is given is no array of the input's shape, of
  // floats or doubles one after the other.
  nb::object frame(std::int64_t stream, const nb::handle& given) {
    if (!PyArray_CheckExact(given.ptr())) return nb::none();
    auto* const array = reinterpret_cast<PyArrayObject*>(given.ptr());
    const int type = PyArray_TYPE(array);
    if ((type != NPY_FLOAT && type != NPY_DOUBLE) || !PyArray_ISCARRAY_RO(array) ||
        !std::equal(PyArray_DIMS(array), PyArray_DIMS(array) + PyArray_NDIM(array), given_.begin(), given_.end())) {
      return nb::none();
    }
    const Port &read = inputs_[0], &write = outputs_[0];
    need_room(1);
    states_now_[0] = state_of(stream);
    take(read, static_cast<const std::byte*>(PyArray_DATA(array)), type == NPY_DOUBLE, read.slot.size(), values_.data());
    program_->step(values_.data(), states_now_.data(), 1);
    PyObject* const written =
        PyArray_SimpleNew(static_cast<int>(written_.size()), written_.data(), write.doubles ? NPY_DOUBLE : NPY_FLOAT);
    if (written == nullptr) throw nb::python_error();
    give(write, static_cast<std::byte*>(PyArray_DATA(reinterpret_cast<PyArrayObject*>(written))), write.slot.size(),
         values_.data());
    return nb::steal(written);
  }

  // T steps of the streams with these numbers: frames (T, n, ...) for each input, written likewise. Where a value may have any
  // number of rows up to those of its place, all of an array have as many.
  void push_many(const nb::handle& numbers, std::int64_t steps, const nb::list& frames, const nb::list& written) {
    const View streams(numbers, "l", false);
    const std::int64_t n = streams.count(), block = std::min(n, streams_at_once());
    need_room(block);
    const auto in = views(frames, inputs_, steps * n, false);
    const auto out = views(written, outputs_, steps * n, true);
    for (std::int64_t first = 0; first < n; first += block) {
      const std::int64_t count = std::min(block, n - first);
      for (std::int64_t b = 0; b < count; ++b) states_now_[b] = state_of(streams.data<std::int64_t>()[first + b]);
      for (std::int64_t t = 0; t < steps; ++t) push_block(in, out, t * n + first, steps * n, count);
    }
  }

 private:
  // `size` numbers into their place in the values of a stream.
  static void take(const Port& port, const std::byte* from, bool doubles, std::int64_t size, std::byte* values) {
    std::byte* to = values + port.slot.offset;
    if (doubles == port.doubles) {
      std::memcpy(to, from, static_cast<std::size_t>(size) * port.number());
    } else if (port.doubles) {
      std::copy_n(reinterpret_cast<const float*>(from), size, reinterpret_cast<double*>(to));
    } else {
      for (std::int64_t j = 0; j < size; ++j) {
        reinterpret_cast<float*>(to)[j] = static_cast<float>(reinterpret_cast<const double*>(from)[j]);
      }
    }
    if (port.slot.length >= 0) {
      *reinterpret_cast<float*>(values + port.slot.length) = static_cast<float>(size / port.slot.width);
    }
  }

  static void give(const Port& port, std::byte* to, std::int64_t size, const std::byte* values) {
    std::memcpy(to, values + port.slot.offset, static_cast<std::size_t>(size) * port.number());
  }

  static Views views(const nb::list& arrays, const std::vector<Port>& ports, std::int64_t count, bool writable) {
    if (arrays.size() != ports.size()) throw std::invalid_argument("There must be an array for each value.");
    Views found;
    for (std::size_t k = 0; k < ports.size(); ++k) {
      const Port& port = ports[k];
      found.push_back(std::make_unique<View>(arrays[k], !writable ? "fd" : port.doubles ? "d" : "f", writable));
      const std::int64_t given = found.back()->count(), most = count * port.slot.size();
      const bool any = port.slot.length >= 0 && given < most && given % (count * port.slot.width) == 0;
      if (given != most && !any) throw std::invalid_argument("Frames must have their size.");
    }
    return found;
  }

  // One step of `count` streams, whose frames begin at `first` of `all`.
  void push_block(const Views& in, const Views& out, std::int64_t first, std::int64_t all, std::int64_t count) {
    for (std::int64_t b = 0; b < count; ++b) {
      for (std::size_t k = 0; k < inputs_.size(); ++k) {
        const std::int64_t size = in[k]->count() / all;
        take(inputs_[k], in[k]->row(first + b, size), in[k]->doubles(), size, values_.data() + b * width_);
      }
    }
    program_->step(values_.data(), states_now_.data(), count);
    for (std::int64_t b = 0; b < count; ++b) {
      for (std::size_t k = 0; k < outputs_.size(); ++k) {
        const std::int64_t size = out[k]->count() / all;
        give(outputs_[k], out[k]->row(first + b, size), size, values_.data() + b * width_);
      }
    }
  }

  // So many that their values stay in the first-level cache, in whole tiles of eight where there are as many.
  std::int64_t streams_at_once() const {
    const std::int64_t fit = (std::int64_t{1} << 15) / width_;
    return fit < 8 ? std::max<std::int64_t>(1, fit) : fit / 8 * 8;
  }

  std::byte* state_of(std::int64_t stream) {
    if (stream < 0 || stream >= started_) throw std::out_of_range("There must be such a stream.");
    return states_.data() + static_cast<std::size_t>(stream) * first_.size();
  }

  void need_room(std::int64_t streams) {
    if (static_cast<std::int64_t>(states_now_.size()) < streams) {
      states_now_.resize(static_cast<std::size_t>(streams));
      values_.resize(static_cast<std::size_t>(streams * width_));
    }
  }

  std::unique_ptr<gatelet::Program> program_;
  std::int64_t width_;
  bool rounded_;
  std::vector<Port> inputs_, outputs_;
  Shape given_{-1}, written_;  // of a frame and what comes of it; none at first
  std::vector<std::byte> first_;
  std::int64_t started_ = 0;
  Rows states_;  // (capacity, bytes that a stream remembers)
  Rows values_;  // (streams, width) of one step
  std::vector<std::byte*> states_now_;
};

}  // namespace

void bind_streams(nb::module_& m) {
  if (_import_array() < 0) throw nb::python_error();
  nb::class_<Streams>(m, "Streams")
      .def(nb::init<const std::string&, std::int64_t, const nb::bytes&, const Places&, const Places&, bool>())
      .def("add", &Streams::add)
      .def("resize", &Streams::resize)
      .def("reset", &Streams::reset)
      .def("state", &Streams::state)
      .def("restore", &Streams::restore)
      .def("shape", &Streams::shape)
      .def("frame", &Streams::frame)
      .def("push_many", &Streams::push_many);
}
