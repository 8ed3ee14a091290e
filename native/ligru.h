// The Li-GRU: what happens to one block of units once its recurrent products are known.
//
//   z = s(a_z)    n = relu(a_n)    h' = z * h + (1 - z) * n
//
// a_* = W_ih x + b_ih + W_hh h + b_hh; everything but W_hh h is in the projected inputs.
#pragma once

#include "backward.h"
#include "forward.h"

namespace gatelet::GATELET_ISA {

struct LiGru {
  static constexpr int gates = 2;
  static constexpr int saved = 2;  // z, n
  static constexpr bool has_cell_state = false;
  static constexpr int sections = 2;  // dz, dn: both meet W_ih and W_hh
  static constexpr int hidden_section = 0;

  static constexpr bool adds_hidden_bias_outside(int) { return true; }
  static constexpr int input_gate(int section) { return section; }
  static constexpr int hidden_gate(int section) { return section; }

  // Units j .. j + lanes of one row; `sum` holds W_hh h of both gates.
  GATELET_INLINE static void finish(const StepRow& s, const vec* sum, std::int64_t j, std::int64_t H, bool save) {
    const std::int64_t count = H - j;
    float* gates = s.gates + j;
    const vec z = sigmoid(load(gates, count) + sum[0]);
    const vec a = load(gates + H, count) + sum[1];
    const vec n = a <= 0.0f ? vec{} : a;  // NaN passes through
    const vec h = load(s.h + j, count);
    store(s.y + j, n + z * (h - n), count);
    if (save) {
      store(gates, z, count);
      store(gates + H, n, count);
    }
  }

  GATELET_INLINE static void differentiate(const GradientRow& g, std::int64_t j, std::int64_t H) {
    const std::int64_t count = H - j;
    const vec z = load(g.gates + j, count);
    const vec n = load(g.gates + H + j, count);
    vec dh = load(g.dh + j, count);
    if (g.dy != nullptr) dh += load(g.dy + j, count);
    store(g.dg + j, dh * (load(g.h + j, count) - n) * (z * (1.0f - z)), count);
    store(g.dg + H + j, n <= 0.0f ? vec{} : dh * (1.0f - z), count);
    store(g.dh + j, dh * z, count);
  }
};

}  // namespace gatelet::GATELET_ISA
