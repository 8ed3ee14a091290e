// The two matrix products around the recurrence, over rows that need not lie at a fixed distance.
#pragma once

#include "panels.h"

namespace gatelet::GATELET_ISA {

// What a product starts from: the values that `out` has, or a bias in panel order (null for zero).
struct Start {
  bool from_out;
  const float* bias;
};

// out[i][v * width + j] = start + sum over k of in[i][k] * w[k, v, j], for the panels first .. last. Depth is cut so that
// the rows in flight stay in the first-level cache.
template <int V>
inline void multiply_rows(const float* const* in, float* const* out, std::int64_t rows, const Panels<V>& w, Start start,
                          std::int64_t first, std::int64_t last) {
  constexpr std::int64_t cut = 768;
  for (std::int64_t k0 = 0; k0 < w.depth || k0 == 0; k0 += cut) {
    const std::int64_t depth = smaller(cut, w.depth - k0);
    for_tiles<V>(rows, first, last, [&]<int R, int P>(std::int64_t row, std::int64_t u) {
      vec sum[R][P * V] = {};
      accumulate<R, P, V>(RowPointers<R>(in + row, k0), depth, w.panel(u) + k0 * V * lanes, w.stride(), sum);
      for (int c = 0; c < P * V; ++c) {
        const std::int64_t column = (u + c / V) * lanes + (c % V) * w.width;
        const std::int64_t count = w.width - (u + c / V) * lanes;
        const vec bias = k0 == 0 && start.bias != nullptr ? load(start.bias + (u * V + c) * lanes) : vec{};
        for (int r = 0; r < R; ++r) {
          const vec before = k0 > 0 || start.from_out ? load(out[row + r] + column, count) : bias;
          store(out[row + r] + column, before + sum[r][c], count);
        }
      }
    });
  }
}

// A product over many rows is summed in registers over a cut and then added to what there is: the rounding error grows
// with the length of a cut, not with the number of rows.

// Rows of a weight gradient that are computed together.
inline constexpr int gradient_rows = max_rows(1);

// out[i][j] (+)= sum over k of left[k][i] * right[k][j], for `rows` <= gradient_rows values of i and every j.
inline void add_transposed_product(const float* left, std::int64_t depth, const Panels<1>& right, float* out,
                                   std::int64_t rows, bool add) {
  constexpr int R = gradient_rows;
  for_blocks<max_panels(R, 1)>(right.count(), [&]<int P>(std::int64_t u) {
    vec sum[R][P] = {};
    accumulate<R, P, 1>(PackedRows<R>{left}, depth, right.panel(u), right.stride(), sum);
    for (int r = 0; r < rows && r < R; ++r) {
      for (int p = 0; p < P; ++p) {
        float* to = out + r * right.width + (u + p) * lanes;
        const std::int64_t count = right.width - (u + p) * lanes;
        store(to, add ? load(to, count) + sum[r][p] : sum[r][p], count);
      }
    }
  });
}

}  // namespace gatelet::GATELET_ISA
