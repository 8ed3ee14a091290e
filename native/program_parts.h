// What the operations of a program are made of.
#pragma once

#include <cmath>
#include <limits>
#include <stdexcept>

#include "products.h"
#include "program.h"
#include "scan_frame.h"

namespace gatelet::GATELET_ISA {

// One step of some streams: row b of the values begins at values + b * width, state of stream b at states[b].
struct Step {
  float* values;
  std::int64_t width;
  float* const* states;
  std::int64_t rows;

  float* at(const Slot& slot, std::int64_t row) const { return values + row * width + slot.offset; }
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

// W x + b with W packed, for many rows. W has V parts of `width` rows each, the gates of a cell, which are read as one
// stream: a single row is bound by that reading.
template <int V>
class Product {
 public:
  Product(const float* weight, const float* bias, std::int64_t width, std::int64_t depth)
      : panels_(depth, width), bias_(blocks_of(width, lanes) * lanes * V) {
    for (std::int64_t u = 0; u < panels_.count(); ++u) pack_gate_panel(panels_, weight, u);
    pack_bias<V>(bias_.data(), width, [&](int v, std::int64_t j) { return bias != nullptr ? bias[v * width + j] : 0.0f; });
  }

  void run(const RowList& list, std::int64_t rows) const {
    multiply_rows(list.in.data(), list.out.data(), rows, panels_, {false, bias_.data()}, 0, panels_.count());
  }

 private:
  Panels<V> panels_;
  Buffer<float> bias_;
};

// body(j, count) over `size` numbers, a vector at a time: `count` of them are left from j on.
template <class Body>
GATELET_INLINE void for_vectors(std::int64_t size, Body body) {
  for (std::int64_t j = 0; j < size; j += lanes) body(j, size - j);
}

inline double softplus(double a) { return a > 0.0 ? a + std::log1p(std::exp(-a)) : std::log1p(std::exp(a)); }

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

std::unique_ptr<Part> new_cell(const Description& d);  // null where it is none

}  // namespace gatelet::GATELET_ISA
