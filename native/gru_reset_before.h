// The GRU of Cho et al., reset-before: what happens to one block of units once a recurrent product is known. Two products
// follow each other in a step (two_phase.h): over the state, for the gates, then over r * h, for the candidate.
//
//   r = s(a_r)    z = s(a_z)    n = tanh(a_n)    h' = (1 - z) * n + z * h
//
// a_r and a_z = W_ih x + b_ih + W_hh h + b_hh, a_n = W_in x + b_in + W_hn (r * h) + b_hn.
#pragma once

#include "normalised_two_phase.h"

namespace gatelet::GATELET_ISA {

struct GruResetBefore {
  static constexpr int gates = 3;
  static constexpr int late_gates = 1;
  static constexpr int saved = 4;          // r, z, n, r * h
  static constexpr int gated_section = 3;  // of what is saved
  static constexpr bool has_cell_state = false;
  static constexpr bool takes_extras = true;
  static constexpr int sections = 3;       // dn, dr, dz: all of them meet W_ih and W_hh
  static constexpr int hidden_section = 1;

  static constexpr bool adds_hidden_bias_outside(int) { return true; }
  static constexpr int input_gate(int section) { return section == 0 ? 2 : section - 1; }
  static constexpr int hidden_gate(int section) { return input_gate(section); }

  // Units j .. j + lanes of one row; `sum` holds W_hr h and W_hz h, where `h` is the state as the products see it.
  GATELET_INLINE static void begin(const StepRow& s, const float* h, const vec* sum, float* gated, std::int64_t j,
                                   std::int64_t H) {
    const std::int64_t count = H - j;
    float* gates = s.gates + j;
    const vec r = sigmoid(load(gates, count) + sum[0]);
    store(gates, r, count);
    store(gates + H, sigmoid(load(gates + H, count) + sum[1]), count);
    store(gated + j, r * load(h + j, count), count);
  }

  // `sum` holds W_hn (r * h).
  template <class Zone = NoZone>
  GATELET_INLINE static void finish(const StepRow& s, const vec* sum, std::int64_t j, std::int64_t H, bool save,
                                    const Zone& zone = {}) {
    const std::int64_t count = H - j;
    float* gates = s.gates + j;
    const vec n = tanh(load(gates + 2 * H, count) + sum[0]);
    const vec h = load(s.h + j, count);
    store(s.y + j, zone.mix(0, j, h, n + load(gates + H, count) * (h - n)), count);
    if (save) store(gates + 2 * H, n, count);
  }

  // What there is to know before the gradient of r * h; section dr waits for it.
  template <class Zone = NoZone>
  GATELET_INLINE static void differentiate(const GradientRow& g, std::int64_t j, std::int64_t H, const Zone& zone = {}) {
    const std::int64_t count = H - j;
    const vec z = load(g.gates + H + j, count);
    const vec n = load(g.gates + 2 * H + j, count);
    vec dh = load(g.dh + j, count);
    if (g.dy != nullptr) dh += load(g.dy + j, count);
    const vec kept = zone.kept(0, j, dh);
    dh -= kept;
    store(g.dg + j, dh * (1.0f - z) * (1.0f - n * n), count);
    store(g.dg + 2 * H + j, dh * (load(g.h + j, count) - n) * (z * (1.0f - z)), count);
    store(g.dh + j, Zone::none ? dh * z : dh * z + kept, count);
  }

  // `dgated` is the gradient of r * h, times the dropout mask if there is one.
  GATELET_INLINE static void differentiate_gated(const GradientRow& g, vec dgated, std::int64_t j, std::int64_t H) {
    const std::int64_t count = H - j;
    const vec r = load(g.gates + j, count);
    store(g.dg + H + j, dgated * load(g.h + j, count) * (r * (1.0f - r)), count);
    store(g.dh + j, load(g.dh + j, count) + dgated * r, count);
  }
};

}  // namespace gatelet::GATELET_ISA
