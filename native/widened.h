// Products of bfloat16 weights with rows of floats, summed in floats: a single row is bound by reading its weights, and these
// are half as many bytes. Everything but the weights is as in products.h.
#pragma once

#include <vector>

#include "pairs.h"
#include "products.h"

namespace gatelet::GATELET_ISA {

// Both neighbours in depth of a pair, as floats: a bfloat16 is the upper half of one.
GATELET_INLINE vec earlier(bits pair) { return reinterpret_cast<vec>(pair << 16); }
GATELET_INLINE vec later(bits pair) { return reinterpret_cast<vec>(pair & 0xffff0000u); }

// As accumulate: one chain of fused multiply-adds over k in rising order.
template <int R, int P, int V>
GATELET_INLINE void accumulate_widened(const RowPointers<R>& rows, std::int64_t depth, const std::uint32_t* panel,
                                       std::int64_t panel_stride, vec (&total)[R][P * V]) {
  vec sum[R][P * V];  // a copy, which the compiler keeps in registers
  std::memcpy(sum, total, sizeof sum);
  const auto add = [&](const std::uint32_t* weights, std::int64_t k, auto widen) __attribute__((always_inline)) {
    vec weight[P * V];
#pragma GCC unroll 12
    for (int c = 0; c < P * V; ++c) weight[c] = widen(load_pairs(weights + (c / V) * panel_stride + c % V * lanes));
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const vec value = broadcast(rows.at(r, k));
#pragma GCC unroll 12
      for (int c = 0; c < P * V; ++c) sum[r][c] += weight[c] * value;
    }
  };
  std::int64_t k = 0;
  for (; k + 1 < depth; k += 2, panel += V * lanes) {
    add(panel, k, earlier);
    add(panel, k + 1, later);
  }
  if (k < depth) add(panel, k, earlier);
  std::memcpy(total, sum, sizeof sum);
}

// out[i][v * width + j] = bias + sum over k of in[i][k] * w[k, v, j]; as multiply_rows.
template <int V>
inline void multiply_widened(const float* const* in, float* const* out, std::int64_t rows, const PairPanels<V>& w,
                             const float* bias) {
  constexpr std::int64_t cut = 768;
  for (std::int64_t k0 = 0; k0 < w.depth || k0 == 0; k0 += cut) {
    const std::int64_t depth = smaller(cut, w.depth - k0);
    for_tiles<V>(rows, 0, w.count(), [&]<int R, int P>(std::int64_t row, std::int64_t u) {
      vec sum[R][P * V] = {};
      accumulate_widened<R, P, V>(RowPointers<R>(in + row, k0), depth, w.panel(u) + k0 / 2 * V * lanes, w.stride(), sum);
      for (int c = 0; c < P * V; ++c) {
        const std::int64_t column = (u + c / V) * lanes + (c % V) * w.width;
        const std::int64_t count = w.width - (u + c / V) * lanes;
        for (int r = 0; r < R; ++r) {
          const vec before = k0 > 0 ? load(out[row + r] + column, count) : load(bias + (u * V + c) * lanes);
          store(out[row + r] + column, before + sum[r][c], count);
        }
      }
    });
  }
}

// A matrix from PyTorch's layout, (V * width, depth), rounded and packed.
template <int V>
inline void pack_rounded(PairPanels<V>& to, const float* weight) {
  const std::int64_t size = V * to.width * to.depth;
  std::vector<bf16> halves(static_cast<std::size_t>(size));
  for (std::int64_t k = 0; k < size; k += lanes) store(halves.data() + k, load(weight + k, size - k), size - k);
  for (std::int64_t u = 0; u < to.count(); ++u) pack_gate_pairs(to, halves.data(), u);
}

}  // namespace gatelet::GATELET_ISA
