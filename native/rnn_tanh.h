// The plain tanh RNN: what happens to one block of units once its recurrent product is known.
//
//   h' = tanh(a),    a = W_ih x + b_ih + W_hh h + b_hh; everything but W_hh h is in the projected input
//
// Backward needs nothing but h' itself, so the input is projected into the output and nothing else is saved.
#pragma once

#include "backward.h"
#include "forward.h"

namespace gatelet::GATELET_ISA {

struct RnnTanh {
  static constexpr int gates = 1;
  static constexpr int saved = 0;  // `gates` of a row is its output
  static constexpr bool has_cell_state = false;
  static constexpr int sections = 1;
  static constexpr int hidden_section = 0;

  static constexpr bool adds_hidden_bias_outside(int) { return true; }
  static constexpr int input_gate(int section) { return section; }
  static constexpr int hidden_gate(int section) { return section; }

  // Units j .. j + lanes of one row; `sum` holds W_hh h.
  GATELET_INLINE static void finish(const StepRow& s, const vec* sum, std::int64_t j, std::int64_t H, bool) {
    store(s.y + j, tanh(load(s.gates + j, H - j) + sum[0]), H - j);
  }

  GATELET_INLINE static void differentiate(const GradientRow& g, std::int64_t j, std::int64_t H) {
    const std::int64_t count = H - j;
    const vec y = load(g.gates + j, count);
    vec dh = load(g.dh + j, count);
    if (g.dy != nullptr) dh += load(g.dy + j, count);
    store(g.dg + j, dh * (1.0f - y * y), count);
    store(g.dh + j, vec{}, count);
  }
};

}  // namespace gatelet::GATELET_ISA
