// The GRU, reset-after: what happens to one block of units once its recurrent products are known.
//
//   r = s(x_r + h_r)    z = s(x_z + h_z)    n = tanh(x_n + r * h_n)    h' = (1 - z) * n + z * h
//
// x_* are the projected inputs with b_ih (and b_hh of r and z) added, h_* = W_hh h, h_n with b_hn added.
//
// dG has four sections, dn, dr, dz and dh_n = r * dn: the first three meet W_ih, the last three W_hh, so that both products
// read three neighbouring sections and nothing is copied.
#pragma once

#include "backward.h"
#include "forward.h"

namespace gatelet::GATELET_ISA {

struct Gru {
  static constexpr int gates = 3;
  static constexpr int saved = 4;  // sections of H that forward leaves for backward: r, z, n, W_hn h + b_hn
  static constexpr bool has_cell_state = false;
  static constexpr bool takes_extras = true;
  static constexpr int sections = 4;
  static constexpr int hidden_section = 1;  // the first section that meets W_hh

  static constexpr bool adds_hidden_bias_outside(int gate) { return gate < 2; }
  // The gate of W_ih or W_hh that a section of dG belongs to, or -1.
  static constexpr int input_gate(int section) { return section == 0 ? 2 : section == 3 ? -1 : section - 1; }
  static constexpr int hidden_gate(int section) { return section - 1; }

  struct Gates {
    vec r, z, n, h_n;
  };

  // From x_r, x_z, x_n and h_r, h_z, h_n.
  GATELET_INLINE static Gates activate(const vec* from_x, const vec* from_h) {
    const vec r = sigmoid(from_x[0] + from_h[0]);
    return {r, sigmoid(from_x[1] + from_h[1]), tanh(from_x[2] + r * from_h[2]), from_h[2]};
  }

  // The state after the step, units j .. j + lanes of one row.
  template <class Row, class Zone = NoZone>
  GATELET_INLINE static void advance(const Row& s, const Gates& v, std::int64_t j, std::int64_t H, const Zone& zone = {}) {
    const vec h = load(s.h + j, H - j);
    store(s.y + j, zone.mix(0, j, h, v.n + v.z * (h - v.n)), H - j);
  }

  // `sum` holds h_r, h_z, h_n; the inputs' part is read from memory, and what backward needs is left there.
  template <class Row, class Zone = NoZone>
  GATELET_INLINE static void finish(const Row& s, const vec* sum, std::int64_t j, std::int64_t H, bool save,
                                    const Zone& zone = {}) {
    const std::int64_t count = H - j;
    const auto gates = s.gates + j;
    const vec from_x[] = {load(gates, count), load(gates + H, count), load(gates + 2 * H, count)};
    const Gates v = activate(from_x, sum);
    advance(s, v, j, H, zone);
    if (save) {
      store(gates, v.r, count);
      store(gates + H, v.z, count);
      store(gates + 2 * H, v.n, count);
      store(gates + 3 * H, v.h_n, count);
    }
  }

  template <class Row, class Zone = NoZone>
  GATELET_INLINE static void differentiate(const Row& g, std::int64_t j, std::int64_t H, const Zone& zone = {}) {
    const std::int64_t count = H - j;
    const auto gates = g.gates + j;
    differentiate(g, {load(gates, count), load(gates + H, count), load(gates + 2 * H, count), load(gates + 3 * H, count)}, j,
                  H, zone);
  }

  // The gradients of what went into the gates, and what of that of the state passes to the state before directly.
  template <class Row, class Zone = NoZone>
  GATELET_INLINE static void differentiate(const Row& g, const Gates& v, std::int64_t j, std::int64_t H, const Zone& zone) {
    const std::int64_t count = H - j;
    const auto [r, z, n, h_n] = v;
    vec dh = load(g.dh + j, count);
    if (g.dy != nullptr) dh += load(g.dy + j, count);
    const vec kept = zone.kept(0, j, dh);
    dh -= kept;
    const vec dn = dh * (1.0f - z) * (1.0f - n * n);
    store(g.dg + j, dn, count);
    store(g.dg + H + j, dn * h_n * (r * (1.0f - r)), count);
    store(g.dg + 2 * H + j, dh * (load(g.h + j, count) - n) * (z * (1.0f - z)), count);
    store(g.dg + 3 * H + j, dn * r, count);
    store(g.dh + j, Zone::none ? dh * z : dh * z + kept, count);
  }
};

}  // namespace gatelet::GATELET_ISA
