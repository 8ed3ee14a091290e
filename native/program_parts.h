// What the operations of a program are made of.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "products.h"
#include "program.h"
#include "row_product.h"
#include "scan_frame.h"
#include "sparse_product.h"

namespace gatelet::GATELET_ISA {

// One step of some streams: the values of stream b begins at values + b * width, what it remembers at states[b].
struct Step {
  std::byte* values;
  std::int64_t width;
  std::byte* const* states;
  std::int64_t streams;

  template <class T = float>
  T* at(const Slot& slot, std::int64_t stream) const {
    return reinterpret_cast<T*>(values + stream * width + slot.offset);
  }
  template <class T = float>
  T* state(std::int64_t offset, std::int64_t stream) const {
    return reinterpret_cast<T*>(states[stream] + offset);
  }
  // Rows that a value has at this step.
  std::int64_t rows(const Slot& slot, std::int64_t stream) const {
    if (slot.length < 0) return slot.rows;
    return static_cast<std::int64_t>(*reinterpret_cast<const float*>(values + stream * width + slot.length));
  }
  // Numbers of a value with one axis, which a fixed one has in one row and another one below each other.
  std::int64_t numbers(const Slot& slot, std::int64_t stream) const { return rows(slot, stream) * slot.width; }
};

class Part {
 public:
  virtual ~Part() = default;
  virtual void run(const Step& step) = 0;
  // Called when all operations of a step have run.
  virtual void end(const Step&) {}
};

// Rows that a product reads and writes, found anew at each step because streams come and go.
struct RowList {
  std::vector<const float*> in;
  std::vector<float*> out;

  void resize(std::int64_t rows) {
    if (static_cast<std::int64_t>(in.size()) < rows) in.resize(rows), out.resize(rows);
  }
};

// Room for at least so many numbers, kept from step to step.
inline float* room(std::vector<float>& numbers, std::int64_t count) {
  if (static_cast<std::int64_t>(numbers.size()) < count) numbers.resize(static_cast<std::size_t>(count));
  return numbers.data();
}

// W x + b with W packed, for many rows. W has V parts of `width` rows each, the gates of a cell, which are read as one
// stream: a single row is bound by that reading. Blocks of zeros are left out where that pays; else W may be rounded to
// bfloat16, which halves what is read.
template <int V>
class Product {
 public:
  Product(const float* weight, const float* bias, std::int64_t width, std::int64_t depth, bool rounded)
      : depth_(depth), bias_(blocks_of(width, lanes) * lanes * V) {
    if (SparseProduct<V>::pays(weight, width, depth)) {
      sparse_ = std::make_unique<SparseProduct<V>>(weight, bias, width, depth);
      return;
    }
    if (rounded) {
      halves_ = std::make_unique<PairPanels<V>>(depth, width);
      pack_rounded(*halves_, weight);
    } else {
      panels_ = std::make_unique<Panels<V>>(depth, width);
      for (std::int64_t u = 0; u < panels_->count(); ++u) pack_gate_panel(*panels_, weight, u);
    }
    pack_bias<V>(bias_.data(), width, [&](int v, std::int64_t j) { return bias != nullptr ? bias[v * width + j] : 0.0f; });
  }

  void run(const RowList& list, std::int64_t rows) {
    if (sparse_ != nullptr) {
      sparse_->run(list.in.data(), list.out.data(), rows);
    } else if (rows == 1 && depth_ <= longest_row) {
      back_ = !back_;
      if (halves_ != nullptr) {
        multiply_row<V>(list.in[0], list.out[0], *halves_, bias_.data(), back_);
      } else {
        multiply_row<V>(list.in[0], list.out[0], *panels_, bias_.data(), back_);
      }
    } else if (halves_ != nullptr) {
      multiply_widened(list.in.data(), list.out.data(), rows, *halves_, bias_.data());
    } else {
      multiply_rows(list.in.data(), list.out.data(), rows, *panels_, {false, bias_.data()}, 0, panels_->count());
    }
  }

 private:
  std::int64_t depth_;
  Buffer<float> bias_;
  std::unique_ptr<Panels<V>> panels_;  // one of the three
  std::unique_ptr<PairPanels<V>> halves_;
  std::unique_ptr<SparseProduct<V>> sparse_;
  bool back_ = false;  // in which order the panels were read last
};

// body(j, count) over `size` numbers, a vector at a time: `count` of them are left from j on.
template <class Body>
GATELET_INLINE void for_vectors(std::int64_t size, Body body) {
  for (std::int64_t j = 0; j < size; j += lanes) body(j, size - j);
}

// Runs body(x, y, state, F) for every row of every stream, of values of these types.
template <class X, class Y, class Body>
class EachRow : public Part {
 public:
  EachRow(const Description& d, Body body) : in_(d.inputs.at(0)), out_(d.outputs.at(0)), state_(d.state), body_(body) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const X* x = step.at<X>(in_, b);
      Y* y = step.at<Y>(out_, b);
      const std::int64_t rows = step.rows(in_, b);
      for (std::int64_t r = 0; r < rows; ++r) {
        body_(x + r * in_.width, y + r * out_.width, step.state(state_, b), in_.width);
      }
    }
  }

 private:
  Slot in_, out_;
  std::int64_t state_;
  Body body_;
};

template <class X = float, class Y = float, class Body>
std::unique_ptr<Part> each_row(const Description& d, Body body) {
  return std::make_unique<EachRow<X, Y, Body>>(d, body);
}

inline std::vector<float> copied(const Weight& weight) { return {weight.data, weight.data + weight.size}; }

inline std::int64_t whole(const Description& d, std::size_t number) {
  return static_cast<std::int64_t>(d.settings.at(number));
}

template <class T = float>
std::size_t bytes_of(std::int64_t numbers) {
  return static_cast<std::size_t>(numbers) * sizeof(T);
}

// A part of the type of the numbers that are written.
template <template <class> class PartOf>
std::unique_ptr<Part> of_type(const Description& d) {
  if (d.doubles) return std::make_unique<PartOf<double>>(d);
  return std::make_unique<PartOf<float>>(d);
}

inline double softplus(double a) { return a > 0.0 ? a + std::log1p(std::exp(-a)) : std::log1p(std::exp(a)); }

// How many values become one, in the order of gatelet.plan.pooling.POOLINGS.
enum class Pooling { last, max, mean, root };

enum class Function { linear, relu, tanh, sigmoid, softplus };

inline void apply(Function function, float* x, std::int64_t size) {
  if (function == Function::linear) return;
  if (function == Function::softplus) {
    for (std::int64_t j = 0; j < size; ++j) x[j] = static_cast<float>(softplus(x[j]));
    return;
  }
  for_vectors(size, [&](std::int64_t j, std::int64_t count) {
    const vec a = load(x + j, count);
    const vec y = function == Function::tanh ? tanh(a) : function == Function::sigmoid ? sigmoid(a) : a > 0.0f ? a : vec{};
    store(x + j, y, count);
  });
}

// (x - mean) / sqrt(variance + epsilon), in place.
inline void normalise(float* x, std::int64_t size, double epsilon) {
  double mean = 0.0, variance = 0.0;
  for (std::int64_t j = 0; j < size; ++j) mean += x[j];
  mean /= static_cast<double>(size);
  for (std::int64_t j = 0; j < size; ++j) variance += (x[j] - mean) * (x[j] - mean);
  const double scale = 1.0 / std::sqrt(variance / static_cast<double>(size) + epsilon);
  for (std::int64_t j = 0; j < size; ++j) x[j] = static_cast<float>((x[j] - mean) * scale);
}

// Each file's operations; null where the description is of none of them.
std::unique_ptr<Part> new_cell(const Description& d);
std::unique_ptr<Part> new_attention(const Description& d);
std::unique_ptr<Part> new_joining(const Description& d);
std::unique_ptr<Part> new_layer(const Description& d);
std::unique_ptr<Part> new_window(const Description& d);
std::unique_ptr<Part> new_quantiles(const Description& d);
std::unique_ptr<Part> new_sound(const Description& d);
std::unique_ptr<Part> new_integer_cell(const Description& d);
std::unique_ptr<Part> new_integer_layer(const Description& d);

}  // namespace gatelet::GATELET_ISA
