// Python's view of a program: streams with their states, and steps of some of them. Shapes come from a plan that has been
// checked; what a caller hands over at each step is checked here.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "bindings.h"
#include "dispatch.h"
#include "program.h"

namespace nb = nanobind;

namespace {

using Array = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

// Numbers that somebody's array holds, for the length of a call.
class View {
 public:
  View(const nb::handle& object, const char* format, bool writable) {
    if (PyObject_GetBuffer(object.ptr(), &buffer_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0))) {
      throw nb::python_error();
    }
    // long and long long are one type here, and NumPy calls it by either name
    const char given = buffer_.format != nullptr ? buffer_.format[0] : 'B';
    if (given != format[0] && !(given == 'q' && format[0] == 'l')) {
      PyBuffer_Release(&buffer_);
      throw std::invalid_argument(std::string("Frames must be of the type '") + format + "'; got '" + given + "'.");
    }
  }
  ~View() { PyBuffer_Release(&buffer_); }
  View(const View&) = delete;

  template <class T>
  T* data() const {
    return static_cast<T*>(buffer_.buf);
  }
  std::int64_t count() const { return static_cast<std::int64_t>(buffer_.len / buffer_.itemsize); }

 private:
  Py_buffer buffer_{};
};

std::vector<gatelet::Slot> slots(const Pairs& pairs) {
  std::vector<gatelet::Slot> found;
  for (const auto& [offset, width] : pairs) found.push_back({offset, width});
  return found;
}

class Streams {
 public:
  // first: (S) what a stream remembers before its first step. inputs, outputs: offset and width of each.
  Streams(const std::string& isa, std::int64_t width, const nb::handle& first, const Pairs& inputs, const Pairs& outputs)
      : program_(gatelet::choose_kernels(isa).new_program(width)),
        width_(width),
        inputs_(slots(inputs)),
        outputs_(slots(outputs)) {
    const View view(first, "f", false);
    first_.assign(view.data<float>(), view.data<float>() + view.count());
  }

  void add(const std::string& kind, const Pairs& inputs, const Pairs& outputs, std::int64_t state,
           const std::vector<double>& settings, const nb::list& weights) {
    gatelet::Description d{kind, slots(inputs), slots(outputs), state, settings, {}};
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

  std::int64_t capacity() const { return static_cast<std::int64_t>(started_); }

  // Room for so many streams; new ones are at their beginning.
  void resize(std::int64_t count) {
    if (count < 0) throw std::invalid_argument("There must be room for some streams.");
    states_.resize(static_cast<std::size_t>(count) * first_.size());
    const std::int64_t before = started_;
    started_ = count;
    for (std::int64_t stream = before; stream < count; ++stream) reset(stream);
  }

  void reset(std::int64_t stream) { std::memcpy(state_of(stream), first_.data(), first_.size() * sizeof(float)); }

  nb::bytes state(std::int64_t stream) { return nb::bytes(state_of(stream), first_.size() * sizeof(float)); }

  void restore(std::int64_t stream, const nb::bytes& state) {
    if (state.size() != first_.size() * sizeof(float)) throw std::invalid_argument("A state must have its size.");
    std::memcpy(state_of(stream), state.c_str(), state.size());
  }

  // Steps of one stream, with one input and one output: frames (T, I), written (T, O).
  void push(std::int64_t stream, const nb::handle& frames, const nb::handle& written) {
    const View in(frames, "f", false);
    const View out(written, "f", true);
    const gatelet::Slot &read = inputs_[0], &write = outputs_[0];
    const std::int64_t steps = out.count() / write.width;
    if (in.count() != steps * read.width) throw std::invalid_argument("Frames must have the size of the input.");
    need_room(1);
    rows_[0] = state_of(stream);
    for (std::int64_t t = 0; t < steps; ++t) {
      std::memcpy(values_.data() + read.offset, in.data<float>() + t * read.width, bytes(read));
      program_->step(values_.data(), rows_.data(), 1);
      std::memcpy(out.data<float>() + t * write.width, values_.data() + write.offset, bytes(write));
    }
  }

  // T steps of the streams with these numbers: frames (T, n, width) for each input, written likewise.
  void push_many(const nb::handle& numbers, std::int64_t steps, const nb::list& frames, const nb::list& written) {
    const View streams(numbers, "l", false);
    const std::int64_t n = streams.count();
    need_room(n);
    for (std::int64_t b = 0; b < n; ++b) rows_[b] = state_of(streams.data<std::int64_t>()[b]);
    const auto in = views(frames, inputs_, steps * n, false);
    const auto out = views(written, outputs_, steps * n, true);
    for (std::int64_t t = 0; t < steps; ++t) {
      for (std::size_t k = 0; k < inputs_.size(); ++k) {
        const gatelet::Slot& slot = inputs_[k];
        const float* from = in[k]->data<float>() + t * n * slot.width;
        for (std::int64_t b = 0; b < n; ++b) {
          std::memcpy(values_.data() + b * width_ + slot.offset, from + b * slot.width, bytes(slot));
        }
      }
      program_->step(values_.data(), rows_.data(), n);
      for (std::size_t k = 0; k < outputs_.size(); ++k) {
        const gatelet::Slot& slot = outputs_[k];
        float* to = out[k]->data<float>() + t * n * slot.width;
        for (std::int64_t b = 0; b < n; ++b) {
          std::memcpy(to + b * slot.width, values_.data() + b * width_ + slot.offset, bytes(slot));
        }
      }
    }
  }

 private:
  static std::size_t bytes(const gatelet::Slot& slot) { return static_cast<std::size_t>(slot.width) * sizeof(float); }

  static std::vector<std::unique_ptr<View>> views(const nb::list& arrays, const std::vector<gatelet::Slot>& slots,
                                                  std::int64_t rows, bool writable) {
    if (arrays.size() != slots.size()) throw std::invalid_argument("There must be an array for each value.");
    std::vector<std::unique_ptr<View>> found;
    for (std::size_t k = 0; k < slots.size(); ++k) {
      found.push_back(std::make_unique<View>(arrays[k], "f", writable));
      if (found.back()->count() != rows * slots[k].width) throw std::invalid_argument("Frames must have their size.");
    }
    return found;
  }

  float* state_of(std::int64_t stream) {
    if (stream < 0 || stream >= started_) throw std::out_of_range("There must be such a stream.");
    return states_.data() + static_cast<std::size_t>(stream) * first_.size();
  }

  void need_room(std::int64_t rows) {
    if (static_cast<std::int64_t>(rows_.size()) < rows) {
      rows_.resize(static_cast<std::size_t>(rows));
      values_.resize(static_cast<std::size_t>(rows * width_));
    }
  }

  std::unique_ptr<gatelet::Program> program_;
  std::int64_t width_;
  std::vector<gatelet::Slot> inputs_, outputs_;
  std::vector<float> first_;
  std::int64_t started_ = 0;
  std::vector<float> states_;  // (capacity, S)
  std::vector<float> values_;  // (rows, width) of one step
  std::vector<float*> rows_;
};

}  // namespace

void bind_streams(nb::module_& m) {
  nb::class_<Streams>(m, "Streams")
      .def(nb::init<const std::string&, std::int64_t, const nb::handle&, const Pairs&, const Pairs&>())
      .def("add", &Streams::add)
      .def_prop_ro("capacity", &Streams::capacity)
      .def("resize", &Streams::resize)
      .def("reset", &Streams::reset)
      .def("state", &Streams::state)
      .def("restore", &Streams::restore)
      .def("push", &Streams::push)
      .def("push_many", &Streams::push_many);
}
