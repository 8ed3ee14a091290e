// The product of a single row, as a step of one stream needs it, of weights of either kind. It is bound by reading these, so the
// panels are read from the first to the last and back in turns: some are still in the first-level cache.
#pragma once

#include "products.h"
#include "widened.h"

namespace gatelet::GATELET_ISA {

// Longer rows are cut by the products of many rows, whose sums these are to the bit.
inline constexpr std::int64_t longest_row = 768;

template <int P, int V>
GATELET_INLINE void accumulate_panels(const RowPointers<1>& row, const Panels<V>& w, std::int64_t u, vec (&sum)[1][P * V]) {
  accumulate<1, P, V>(row, w.depth, w.panel(u), w.stride(), sum);
}

template <int P, int V>
GATELET_INLINE void accumulate_panels(const RowPointers<1>& row, const PairPanels<V>& w, std::int64_t u,
                                      vec (&sum)[1][P * V]) {
  accumulate_widened<1, P, V>(row, w.depth, w.panel(u), w.stride(), sum);
}

// out[v * width + j] = bias + sum over k of in[k] * w[k, v, j], for at most longest_row values of k; the last panels first if
// `back`.
template <int V, class Weights>
inline void multiply_row(const float* in, float* out, const Weights& w, const float* bias, bool back) {
  constexpr int most = max_panels(1, V);
  auto tile = [&]<int P>(std::int64_t u) {
    vec sum[1][P * V] = {};
    accumulate_panels<P, V>(RowPointers<1>(&in, 0), w, u, sum);
    for (int c = 0; c < P * V; ++c) {
      const std::int64_t first = (u + c / V) * lanes;
      store(out + first + (c % V) * w.width, load(bias + (u * V + c) * lanes) + sum[0][c], w.width - first);
    }
  };
  const std::int64_t full = w.count() / most * most;
  if (back) remainder_block<most - 1>(w.count() - full, full, tile);
  for (std::int64_t u = 0; u < full; u += most) tile.template operator()<most>(back ? full - most - u : u);
  if (!back) remainder_block<most - 1>(w.count() - full, full, tile);
}

}  // namespace gatelet::GATELET_ISA
