// The inner loop of everything: a tile of R rows times P panels of V vectors, accumulated in registers.
//
// A panel holds the weights of `lanes` neighbouring units as [k][V][lanes]: V = 3 or 4 gates of the same units for the
// recurrence, V = 1 for plain products. Every element of a product is one chain of fused multiply-adds over k in rising
// order, whatever the tile, so a row's result does not depend on which rows or threads surround it.
#pragma once

#include <cstdint>

#include "simd.h"

namespace gatelet::GATELET_ISA {

// Rows in a full tile: V vectors of weights, V per row, and one broadcast value must fit in the registers.
constexpr int max_rows(int vectors) {
  const int fit = (registers - 1) / vectors - 1;
  return fit < registers / 4 ? fit : registers / 4;
}

// Panels beside each other in a tile of that many rows: enough independent sums to hide the latency of the multiply-add.
constexpr int max_panels(int rows, int vectors) {
  const int fit = (registers - 1) / (vectors * (rows > 1 ? rows + 1 : 1));
  const int wanted = 12 / vectors;
  return fit < 1 ? 1 : fit < wanted ? fit : wanted;
}

template <int R>
struct RowPointers {
  const float* row[R];

  RowPointers(const float* const* rows, std::int64_t offset) {
    for (int r = 0; r < R; ++r) row[r] = rows[r] + offset;
  }
  GATELET_INLINE float at(int r, std::int64_t k) const { return row[r][k]; }
};

// [k][R]: the transposed operand of the weight gradients.
template <int R>
struct PackedRows {
  const float* data;

  GATELET_INLINE float at(int r, std::int64_t k) const { return data[k * R + r]; }
};

template <int R, int P, int V, class Rows>
GATELET_INLINE void accumulate(const Rows& rows, std::int64_t depth, const float* panel, std::int64_t panel_stride,
                               vec (&sum)[R][P * V]) {
  for (std::int64_t k = 0; k < depth; ++k) {
    vec weight[P * V];
#pragma GCC unroll 12
    for (int c = 0; c < P * V; ++c) weight[c] = load(panel + (c / V) * panel_stride + (k * V + c % V) * lanes);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const vec value = broadcast(rows.at(r, k));
#pragma GCC unroll 12
      for (int c = 0; c < P * V; ++c) sum[r][c] += weight[c] * value;
    }
  }
}

// Calls body<n>(first) over blocks of Max, then once for what is left.
template <int Max, class Body>
GATELET_INLINE void remainder_block(std::int64_t count, std::int64_t first, Body& body) {
  if constexpr (Max > 0) {
    if (count == Max) {
      body.template operator()<Max>(first);
    } else {
      remainder_block<Max - 1>(count, first, body);
    }
  }
}

template <int Max, class Body>
GATELET_INLINE void for_blocks(std::int64_t count, Body body) {
  std::int64_t first = 0;
  for (; first + Max <= count; first += Max) body.template operator()<Max>(first);
  remainder_block<Max - 1>(count - first, first, body);
}

// Calls tile<R, P>(row, panel) so that rows x panels are covered once. Panels go in groups: a group stays in the cache
// while all rows pass over it.
template <int V, class Tile>
inline void for_tiles(std::int64_t rows, std::int64_t first_panel, std::int64_t last_panel, Tile tile) {
  constexpr int R = max_rows(V);
  constexpr std::int64_t group = 12;
  for (std::int64_t u = first_panel; u < last_panel; u += group) {
    const std::int64_t panels = last_panel - u < group ? last_panel - u : group;
    if (rows >= R) {
      for_blocks<max_panels(R, V)>(panels, [&]<int P>(std::int64_t p) {
        for (std::int64_t row = 0; row + R <= rows; row += R) tile.template operator()<R, P>(row, u + p);
      });
    }
    auto last_rows = [&]<int Q>(std::int64_t row) {
      for_blocks<max_panels(Q, V)>(panels, [&]<int P>(std::int64_t p) { tile.template operator()<Q, P>(row, u + p); });
    };
    remainder_block<R - 1>(rows % R, rows - rows % R, last_rows);
  }
}

}  // namespace gatelet::GATELET_ISA
