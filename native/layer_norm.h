// LayerNorm of the products of one row: each gate's H values by their own mean and variance.
#pragma once

#include <cmath>
#include <cstring>

#include "extras.h"
#include "panels.h"

namespace gatelet::GATELET_ISA {

inline constexpr float layer_norm_epsilon = 1e-5f;

// n = (u - mean) * scale
struct Moments {
  float mean;
  float scale;
};

GATELET_INLINE float total(vec v) {
  typedef float quad __attribute__((vector_size(16)));
  quad part[lanes / 4];
  std::memcpy(part, &v, sizeof v);
  for (int half = lanes / 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) part[i] += part[i + half];
  }
  return (part[0][0] + part[0][2]) + (part[0][1] + part[0][3]);
}

// Calls body(j, count) for every block of a row; count < lanes in the last one of an odd-sized row.
template <class Body>
GATELET_INLINE void for_blocks_of_row(std::int64_t H, Body body) {
  std::int64_t j = 0;
  for (; j + lanes <= H; j += lanes) body(j, lanes);
  if (j < H) [[unlikely]] body(j, H - j);
}

// u has G sections of H, which go together because each sum alone would wait for its additions. The mean comes first, so that a mean far from zero costs no digits of the variance.
template <int G>
inline void find_moments(const float* u, std::int64_t H, Moments* found) {
  vec sum[G] = {};
  for_blocks_of_row(H, [&](std::int64_t j, std::int64_t count) {
#pragma GCC unroll 8
    for (int g = 0; g < G; ++g) sum[g] += load(u + g * H + j, count);
  });
  const float share = 1.0f / static_cast<float>(H);
  for (int g = 0; g < G; ++g) found[g].mean = total(sum[g]) * share;
  vec square[G] = {};
  for_blocks_of_row(H, [&](std::int64_t j, std::int64_t count) {
#pragma GCC unroll 8
    for (int g = 0; g < G; ++g) {
      vec distance = load(u + g * H + j, count) - found[g].mean;
      if (count < lanes) [[unlikely]] {
        for (std::int64_t i = count; i < lanes; ++i) distance[i] = 0.0f;
      }
      square[g] += distance * distance;
    }
  });
  for (int g = 0; g < G; ++g) found[g].scale = 1.0f / std::sqrt(total(square[g]) * share + layer_norm_epsilon);
}

GATELET_INLINE vec normalised(const float* u, std::int64_t count, Moments m) { return (load(u, count) - m.mean) * m.scale; }

// The two kinds of products of one row, ready for the epilogue: LN(W v) * gain + bias.
template <class Cell>
struct NormalisedRow {
  static constexpr int G = Cell::gates;

  const float* products;    // (2 G H) W_ih x, then W_hh h
  Moments moments[2 * G];   // of them, in their order

  // Units j .. j + lanes of what comes from x, all gates.
  GATELET_INLINE void apply_to_inputs(const Layer& a, const float* bias, std::int64_t j, vec* from_x) const {
    apply<G>(products, moments, a.layer_norm_ih, bias, a.hidden, j, 0, from_x);
  }

  // The same of what comes from the state, `Count` gates from `first` on.
  template <int Count>
  GATELET_INLINE void apply_to_states(const Layer& a, const float* bias, std::int64_t j, vec* from_h, int first = 0) const {
    apply<Count>(products + G * a.hidden, moments + G, a.layer_norm_hh, bias, a.hidden, j, first, from_h);
  }

 private:
  template <int Count>
  GATELET_INLINE static void apply(const float* u, const Moments* m, const float* gains, const float* bias, std::int64_t H,
                                   std::int64_t j, int first, vec* found) {
#pragma GCC unroll 4
    for (int i = 0; i < Count; ++i) {
      const int g = first + i;
      const std::int64_t column = g * H + j, count = H - j;
      found[i] = normalised(u + column, count, m[g]) * load(gains + column, count) + load(bias + j * G + g * lanes);
    }
  }
};

}  // namespace gatelet::GATELET_ISA
