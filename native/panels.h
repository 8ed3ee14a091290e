// Weights rearranged so that the inner loop reads them in one rising stream.
#pragma once

#include "buffer.h"
#include "recurrent.h"
#include "tile.h"

namespace gatelet::GATELET_ISA {

constexpr std::int64_t blocks_of(std::int64_t count, std::int64_t size) { return (count + size - 1) / size; }
constexpr std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
constexpr std::int64_t larger(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

// [panel][k][V][lanes] for a matrix with V * width columns: vector v of a panel is unit block `panel` of gate v.
// Columns past the width are zero.
template <int V>
struct Panels {
  std::int64_t depth;
  std::int64_t width;
  Buffer<float> data;

  Panels(std::int64_t depth, std::int64_t width)
      : depth(depth), width(width), data(blocks_of(width, lanes) * depth * V * lanes) {}

  std::int64_t count() const { return blocks_of(width, lanes); }
  std::int64_t stride() const { return depth * V * lanes; }
  float* panel(std::int64_t u) { return data.data() + u * stride(); }
  const float* panel(std::int64_t u) const { return data.data() + u * stride(); }
};

// One panel of gate weights from PyTorch's layout, (V * width, depth) with unit j of gate v in row v * width + j.
template <int V>
inline void pack_gate_panel(Panels<V>& to, const float* weight, std::int64_t u) {
  constexpr std::int64_t block = 16;  // so many k at a time stay in the first-level cache
  const std::int64_t units = smaller(lanes, to.width - u * lanes);
  for (std::int64_t k0 = 0; k0 < to.depth; k0 += block) {
    const std::int64_t k1 = smaller(to.depth, k0 + block);
    for (int v = 0; v < V; ++v) {
      float* out = to.panel(u) + v * lanes;
      for (std::int64_t j = 0; j < lanes; ++j) {
        const float* row = weight + (v * to.width + u * lanes + (j < units ? j : 0)) * to.depth;
        for (std::int64_t k = k0; k < k1; ++k) out[k * V * lanes + j] = j < units ? row[k] : 0.0f;
      }
    }
  }
}

// Panel u of a matrix whose row k starts at row(k).
template <class Row>
inline void pack_panel(Panels<1>& to, std::int64_t depth, std::int64_t u, Row row) {
  float* out = to.panel(u);
  for (std::int64_t k = 0; k < depth; ++k) store(out + k * lanes, load(row(k) + u * lanes, to.width - u * lanes));
}

// Per-gate vectors in panel order, [panel][V][lanes]: value(v, j) for unit j of gate v.
template <int V, class Value>
inline void pack_bias(float* out, std::int64_t width, Value value) {
  for (std::int64_t u = 0; u < blocks_of(width, lanes); ++u) {
    for (int v = 0; v < V; ++v) {
      for (std::int64_t j = 0; j < lanes; ++j) {
        const std::int64_t unit = u * lanes + j;
        out[(u * V + v) * lanes + j] = unit < width ? value(v, unit) : 0.0f;
      }
    }
  }
}

// What is added to the inputs' and to the states' products of a cell: b_hh goes with b_ih where that is the same.
template <class Cell>
inline void pack_biases(const Layer& a, float* input_bias, float* hidden_bias) {
  const std::int64_t H = a.hidden;
  const auto bias = [](const float* b, std::int64_t i) { return b != nullptr ? b[i] : 0.0f; };
  pack_bias<Cell::gates>(input_bias, H, [&](int g, std::int64_t j) {
    return bias(a.b_ih, g * H + j) + (Cell::adds_hidden_bias_outside(g) ? bias(a.b_hh, g * H + j) : 0.0f);
  });
  pack_bias<Cell::gates>(hidden_bias, H, [&](int g, std::int64_t j) {
    return Cell::adds_hidden_bias_outside(g) ? 0.0f : bias(a.b_hh, g * H + j);
  });
}

}  // namespace gatelet::GATELET_ISA
