// The FastGRNN: what happens to one block of units once its recurrent product is known.
//
//   a = W x + U h    z = s(a + b_z)    n = tanh(a + b_n)    h' = (zeta * (1 - z) + nu) * n + z * h
//
// Gate and candidate share both matrices, so there is one product. In the place of the biases stand four values per unit:
// b_ih is b_z, b_n and b_hh is zeta, nu, squashed already; they are met here and not in the projected input. Neither may be
// null. That zeta and nu are the same for all units is the caller's affair: he is given the gradient of each unit.
//
// dG has five sections: da, which meets W and U, then what only sums up to a bias gradient, dz, dn, dzeta and dnu.
#pragma once

#include "backward.h"
#include "forward.h"

namespace gatelet::GATELET_ISA {

struct FastGrnn {
  static constexpr int gates = 1;
  static constexpr int saved = 2;  // z, n
  static constexpr bool has_cell_state = false;
  static constexpr bool has_unit_values = true;
  static constexpr int sections = 5;
  static constexpr int hidden_section = 0;

  static constexpr bool adds_hidden_bias_outside(int) { return true; }
  static constexpr int input_gate(int section) { return section == 0 ? 0 : -1; }
  static constexpr int hidden_gate(int section) { return section == 0 ? 0 : -1; }
  static constexpr int input_bias(int section) { return section == 1 || section == 2 ? section - 1 : -1; }
  static constexpr int hidden_bias(int section) { return section >= 3 ? section - 3 : -1; }

  // Units j .. j + lanes of one row; `sum` holds U h.
  GATELET_INLINE static void finish(const StepRow& s, const vec* sum, std::int64_t j, std::int64_t H, bool save) {
    const std::int64_t count = H - j;
    float* gates = s.gates + j;
    const vec a = load(gates, count) + sum[0];
    const vec z = sigmoid(a + load(s.b_ih + j, count));
    const vec n = tanh(a + load(s.b_ih + H + j, count));
    const vec share = load(s.b_hh + j, count) * (1.0f - z) + load(s.b_hh + H + j, count);
    store(s.y + j, z * load(s.h + j, count) + share * n, count);
    if (save) {
      store(gates, z, count);
      store(gates + H, n, count);
    }
  }

  GATELET_INLINE static void differentiate(const GradientRow& g, std::int64_t j, std::int64_t H) {
    const std::int64_t count = H - j;
    const vec z = load(g.gates + j, count);
    const vec n = load(g.gates + H + j, count);
    const vec zeta = load(g.b_hh + j, count);
    vec dh = load(g.dh + j, count);
    if (g.dy != nullptr) dh += load(g.dy + j, count);
    const vec dz = dh * (load(g.h + j, count) - zeta * n) * (z * (1.0f - z));
    const vec dn = dh * (zeta * (1.0f - z) + load(g.b_hh + H + j, count)) * (1.0f - n * n);
    store(g.dg + j, dz + dn, count);
    store(g.dg + H + j, dz, count);
    store(g.dg + 2 * H + j, dn, count);
    store(g.dg + 3 * H + j, dh * (1.0f - z) * n, count);
    store(g.dg + 4 * H + j, dh * n, count);
    store(g.dh + j, dh * z, count);
  }
};

}  // namespace gatelet::GATELET_ISA
