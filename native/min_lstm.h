// The minLSTM: what happens to one block of units at one step.
//
//   f = s(x_f)    i = s(x_i)    n = g(x_n)    h' = h + i / (f + i) * (n - h)      x_* are the projected inputs with bias
//
// With u = 1/f = 1 + e^-x_f and v = 1/i, the share i / (f + i) is u / (u + v): one division for both gates, and exact
// where both gates are next to zero (an x below -87 counts as -87).
#pragma once

#include "scan_frame.h"

namespace gatelet::GATELET_ISA {

struct MinLstm {
  static constexpr int gates = 3;

  struct Inverse {
    vec less_one;  // e^-x
    vec value;     // 1 + e^-x
  };

  GATELET_INLINE static Inverse inverse_sigmoid(vec x) {
    const Exponential e = exponential(clamp(-x, 87.0f));
    return {e.scale * e.tail + e.scale, e.scale * e.tail + (e.scale + 1.0f)};
  }

  // The first `count` units of a block; their gates lie H values apart.
  template <class Value>
  GATELET_INLINE static vec step(const Value* g, std::int64_t H, std::int64_t count, vec h) {
    const vec u = inverse_sigmoid(load(g, count)).value;
    const vec v = inverse_sigmoid(load(g + H, count)).value;
    const vec n = positive(load(g + 2 * H, count));
    return h + u / (u + v) * (n - h);
  }

  // Writes the gradients of the gates, and returns that of h; dh is that of h'.
  template <class Value>
  GATELET_INLINE static vec differentiate(const Value* g, Value* dg, std::int64_t H, std::int64_t count, vec h, vec dh) {
    const Inverse u = inverse_sigmoid(load(g, count));
    const Inverse v = inverse_sigmoid(load(g + H, count));
    const vec x = load(g + 2 * H, count);
    const vec n = positive(x);
    const vec whole = 1.0f / (u.value + v.value);
    const vec kept = v.value * whole;
    const vec taken = u.value * whole;
    // the share's slope is kept * taken * (1 - f) for x_f, where taken * (1 - f) = e^-x_f / (u + v), and so for x_i
    const vec dkept = dh * (h - n);
    store(dg, dkept * kept * (u.less_one * whole), count);
    store(dg + H, -(dkept * taken * (v.less_one * whole)), count);
    store(dg + 2 * H, dh * taken * positive_slope(x, n), count);
    return dh * kept;
  }
};

}  // namespace gatelet::GATELET_ISA
