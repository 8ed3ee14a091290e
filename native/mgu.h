// The MGU: what happens to one block of units once a recurrent product is known. Two products follow each other in a step
// (two_phase.h): over the state, for the gate, then over the gated state f * h, for the candidate.
//
//   f = s(a_f)    n = tanh(a_n)    h' = (1 - f) * h + f * n
//
// a_f = W_if x + b_if + W_hf h + b_hf, a_n = W_in x + b_in + W_hn (f * h) + b_hn.
#pragma once

#include "two_phase.h"

namespace gatelet::GATELET_ISA {

struct Mgu {
  static constexpr int gates = 2;
  static constexpr int late_gates = 1;
  static constexpr int saved = 3;          // f, n, f * h
  static constexpr int gated_section = 2;  // of what is saved
  static constexpr bool has_cell_state = false;
  static constexpr int sections = 2;       // dn, df: both meet W_ih and W_hh
  static constexpr int hidden_section = 1;

  static constexpr bool adds_hidden_bias_outside(int) { return true; }
  static constexpr int input_gate(int section) { return 1 - section; }
  static constexpr int hidden_gate(int section) { return 1 - section; }

  // Units j .. j + lanes of one row; `sum` holds W_hf h.
  GATELET_INLINE static void begin(const StepRow& s, const float* h, const vec* sum, float* gated, std::int64_t j,
                                   std::int64_t H) {
    const std::int64_t count = H - j;
    float* gates = s.gates + j;
    const vec f = sigmoid(load(gates, count) + sum[0]);
    store(gates, f, count);
    store(gated + j, f * load(h + j, count), count);
  }

  // `sum` holds W_hn (f * h).
  GATELET_INLINE static void finish(const StepRow& s, const vec* sum, std::int64_t j, std::int64_t H, bool save,
                                    NoZone = {}) {
    const std::int64_t count = H - j;
    float* gates = s.gates + j;
    const vec f = load(gates, count);
    const vec n = tanh(load(gates + H, count) + sum[0]);
    const vec h = load(s.h + j, count);
    store(s.y + j, h + f * (n - h), count);
    if (save) store(gates + H, n, count);
  }

  // What there is to know before the gradient of the gated state; section df waits for the rest.
  GATELET_INLINE static void differentiate(const GradientRow& g, std::int64_t j, std::int64_t H) {
    const std::int64_t count = H - j;
    const vec f = load(g.gates + j, count);
    const vec n = load(g.gates + H + j, count);
    vec dh = load(g.dh + j, count);
    if (g.dy != nullptr) dh += load(g.dy + j, count);
    store(g.dg + j, dh * f * (1.0f - n * n), count);
    store(g.dg + H + j, dh * (n - load(g.h + j, count)), count);
    store(g.dh + j, dh * (1.0f - f), count);
  }

  // `dgated` is the gradient of f * h.
  GATELET_INLINE static void differentiate_gated(const GradientRow& g, vec dgated, std::int64_t j, std::int64_t H) {
    const std::int64_t count = H - j;
    const vec f = load(g.gates + j, count);
    const vec df = load(g.dg + H + j, count) + dgated * load(g.h + j, count);
    store(g.dg + H + j, df * (f * (1.0f - f)), count);
    store(g.dh + j, load(g.dh + j, count) + dgated * f, count);
  }
};

}  // namespace gatelet::GATELET_ISA
