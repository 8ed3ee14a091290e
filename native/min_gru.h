// The minGRU: what happens to one block of units at one step.
//
//   z = s(x_z)    n = g(x_n)    h' = h + z * (n - h)        x_* are the projected inputs with their bias
#pragma once

#include "scan_frame.h"

namespace gatelet::GATELET_ISA {

struct MinGru {
  static constexpr int gates = 2;

  // The first `count` units of a block; their gates lie H values apart.
  template <class Value>
  GATELET_INLINE static vec step(const Value* g, std::int64_t H, std::int64_t count, vec h) {
    const vec z = sigmoid(load(g, count));
    const vec n = positive(load(g + H, count));
    return h + z * (n - h);
  }

  // Writes the gradients of the gates, and returns that of h; dh is that of h'.
  template <class Value>
  GATELET_INLINE static vec differentiate(const Value* g, Value* dg, std::int64_t H, std::int64_t count, vec h, vec dh) {
    const vec z = sigmoid(load(g, count));
    const vec x = load(g + H, count);
    const vec n = positive(x);
    store(dg, dh * (n - h) * (z * (1.0f - z)), count);
    store(dg + H, dh * z * positive_slope(x, n), count);
    return dh - dh * z;
  }
};

}  // namespace gatelet::GATELET_ISA
