// Products of bfloat16 operands summed in floats. Two neighbours in depth lie side by side in 32 bits, which is what one
// instruction takes where the machine has it (vdpbf16ps: twice the multiply-adds of a float); elsewhere a shift and a mask
// make two floats of it.
#pragma once

#include <type_traits>

#include "bf16.h"
#include "panels.h"

namespace gatelet::GATELET_ISA {

GATELET_INLINE bits load_pairs(const std::uint32_t* p) {
  bits b;
  std::memcpy(&b, p, sizeof b);
  return b;
}

// sum += the products of the earlier neighbours + the products of the later ones
GATELET_INLINE vec dot(vec sum, bits weights, bits values) {
#if defined(__AVX512BF16__)
  return _mm512_dpbf16_ps(sum, (__m512bh)weights, (__m512bh)values);
#else
  sum += reinterpret_cast<vec>(weights << 16) * reinterpret_cast<vec>(values << 16);
  return sum + reinterpret_cast<vec>(weights & 0xffff0000u) * reinterpret_cast<vec>(values & 0xffff0000u);
#endif
}

// [panel][pair of k][V][lanes], as Panels. Past an odd depth and past the width there are zeros.
template <int V>
struct PairPanels {
  std::int64_t depth;
  std::int64_t width;
  Buffer<std::uint32_t> data;

  PairPanels(std::int64_t depth, std::int64_t width)
      : depth(depth), width(width), data(blocks_of(width, lanes) * blocks_of(depth, 2) * V * lanes) {}

  std::int64_t count() const { return blocks_of(width, lanes); }
  std::int64_t stride() const { return blocks_of(depth, 2) * V * lanes; }
  std::uint32_t* panel(std::int64_t u) { return data.data() + u * stride(); }
  const std::uint32_t* panel(std::int64_t u) const { return data.data() + u * stride(); }
};

template <int R>
struct PairRows {
  const bf16* row[R];

  explicit PairRows(const bf16* const* rows) {
    for (int r = 0; r < R; ++r) row[r] = rows[r];
  }
  GATELET_INLINE std::uint32_t at(int r, std::int64_t pair) const {
    std::uint32_t both;
    std::memcpy(&both, row[r] + 2 * pair, sizeof both);
    return both;
  }
  // The last value of an odd depth, with zero for a neighbour.
  GATELET_INLINE std::uint32_t last(int r, std::int64_t pair) const { return row[r][2 * pair].half; }
};

// [pair of k][R]: the transposed operand of the weight gradients.
template <int R>
struct PackedPairs {
  const std::uint32_t* data;

  GATELET_INLINE std::uint32_t at(int r, std::int64_t pair) const { return data[pair * R + r]; }
  GATELET_INLINE std::uint32_t last(int r, std::int64_t pair) const { return at(r, pair); }
};

template <int R, int P, int V>
GATELET_INLINE void add_pair(const std::uint32_t (&value)[R], const std::uint32_t* weights, std::int64_t panel_stride,
                             vec (&sum)[R][P * V]) {
  bits weight[P * V];
#pragma GCC unroll 12
  for (int c = 0; c < P * V; ++c) weight[c] = load_pairs(weights + (c / V) * panel_stride + c % V * lanes);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const bits both = bits{} + value[r];
#pragma GCC unroll 12
    for (int c = 0; c < P * V; ++c) sum[r][c] = dot(sum[r][c], weight[c], both);
  }
}

template <int R, int P, int V, class Rows>
GATELET_INLINE void accumulate_pairs(const Rows& rows, std::int64_t depth, const std::uint32_t* panel,
                                     std::int64_t panel_stride, vec (&total)[R][P * V]) {
  vec sum[R][P * V];  // a copy, which the compiler keeps in registers
  std::memcpy(sum, total, sizeof sum);
  std::uint32_t value[R];
  const std::int64_t pairs = depth / 2;
  for (std::int64_t q = 0; q < pairs; ++q) {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) value[r] = rows.at(r, q);
    add_pair<R, P, V>(value, panel + q * V * lanes, panel_stride, sum);
  }
  if (depth % 2 != 0) [[unlikely]] {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) value[r] = rows.last(r, pairs);
    add_pair<R, P, V>(value, panel + pairs * V * lanes, panel_stride, sum);
  }
  std::memcpy(total, sum, sizeof sum);
}

// One panel of gate weights from PyTorch's layout, as pack_gate_panel.
template <int V>
inline void pack_gate_pairs(PairPanels<V>& to, const bf16* weight, std::int64_t u) {
  constexpr std::int64_t block = 16;  // so many pairs at a time stay in the first-level cache
  const std::int64_t units = smaller(lanes, to.width - u * lanes);
  const std::int64_t pairs = blocks_of(to.depth, 2);
  for (std::int64_t q0 = 0; q0 < pairs; q0 += block) {
    const std::int64_t q1 = smaller(pairs, q0 + block);
    for (int v = 0; v < V; ++v) {
      std::uint32_t* out = to.panel(u) + v * lanes;
      for (std::int64_t j = 0; j < lanes; ++j) {
        const bf16* const unit = weight + (v * to.width + u * lanes + (j < units ? j : 0)) * to.depth;
        const PairRows<1> row(&unit);
        for (std::int64_t q = q0; q < q1; ++q) {
          const std::uint32_t both = 2 * q + 1 < to.depth ? row.at(0, q) : row.last(0, q);
          out[q * V * lanes + j] = j < units ? both : 0;
        }
      }
    }
  }
}

GATELET_INLINE bits load_halves(const bf16* p, std::int64_t count) {
  return reinterpret_cast<bits>(load(p, count)) >> 16;
}

// Panel u of a matrix of which halves(k) gives that part of row k, in the lower halves.
template <class Halves>
inline void pack_pair_values(PairPanels<1>& to, std::int64_t depth, std::int64_t u, Halves halves) {
  std::uint32_t* out = to.panel(u);
  for (std::int64_t k = 0; k < depth; k += 2, out += lanes) {
    bits both = halves(k);
    if (k + 1 < depth) both |= halves(k + 1) << 16;
    std::memcpy(out, &both, sizeof both);
  }
}

// Panel u of a matrix whose row k starts at row(k).
template <class Row>
inline void pack_pairs(PairPanels<1>& to, std::int64_t depth, std::int64_t u, Row row) {
  const std::int64_t count = to.width - u * lanes;
  pack_pair_values(to, depth, u, [&](std::int64_t k) { return load_halves(row(k) + u * lanes, count); });
}

// out[i][v * width + j] = start + sum over k of in[i][k] * w[k, v, j], as multiply_rows; `out` is float or bf16.
template <int V, class Value>
inline void multiply_pairs(const bf16* const* in, Value* const* out, std::int64_t rows, const PairPanels<V>& w,
                           bool from_out, const float* bias, std::int64_t first, std::int64_t last) {
  for_tiles<V>(rows, first, last, [&]<int R, int P>(std::int64_t row, std::int64_t u) {
    vec sum[R][P * V];
    for (int c = 0; c < P * V; ++c) {
      const vec start = bias != nullptr ? load(bias + (u * V + c) * lanes) : vec{};
      for (int r = 0; r < R; ++r) sum[r][c] = start;
    }
    accumulate_pairs<R, P, V>(PairRows<R>(in + row), w.depth, w.panel(u), w.stride(), sum);
    for (int c = 0; c < P * V; ++c) {
      const std::int64_t column = (u + c / V) * lanes + (c % V) * w.width;
      const std::int64_t count = w.width - (u + c / V) * lanes;
      for (int r = 0; r < R; ++r) {
        Value* to = out[row + r] + column;
        store(to, from_out ? load(to, count) + sum[r][c] : sum[r][c], count);
      }
    }
  });
}

}  // namespace gatelet::GATELET_ISA
