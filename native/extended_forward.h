// One step of forward with extras. The recurrent products go to memory first and the epilogue follows row by row, because
// LayerNorm has to see a whole row before it can give any of its gates.
#pragma once

#include "forward.h"
#include "layer_norm.h"

namespace gatelet::GATELET_ISA {

// Row i of `h` becomes the masked state. Each thread makes the rows that it multiplies, all units of them.
template <class Cell>
inline void mask_states(ForwardPlan<Cell>& plan, const StepRow* step, const float** h, std::int64_t rows, int rank) {
  const Forward& a = plan.a;
  const std::int64_t H = a.hidden;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* mask = a.dropout_mask + step[i].sequence * H;
    float* masked = plan.extras.masked.data() + (rank * a.sequence.batch + step[i].sequence) * H;
    for (std::int64_t j = 0; j < H; j += lanes) store(masked + j, load(h[i] + j, H - j) * load(mask + j, H - j), H - j);
    h[i] = masked;
  }
}

template <HasExtras Cell>
inline void finish_row(ForwardPlan<Cell>& plan, const StepRow& s, const float* products, Range units, int) {
  constexpr int G = Cell::gates;
  const std::int64_t H = plan.a.hidden;
  const Zone zone(plan.a, s.step, s.sequence);
  for (std::int64_t u = units.first; u < units.last; ++u) {
    const std::int64_t j = u * lanes;
    vec sum[G];
    for (int g = 0; g < G; ++g) sum[g] = load(products + g * H + j, H - j);
    Cell::finish(s, sum, j, H, plan.save, zone);
  }
}

// Threads that share the units of a row all know its moments, and one writes them.
template <HasLayerNorm Cell>
inline bool saves_moments(const ForwardPlan<Cell>& plan, const StepRow& s, int rank) {
  return plan.save && (plan.split.by == By::rows || s.sequence % plan.split.threads == rank);
}

template <HasLayerNorm Cell>
inline void finish_row(ForwardPlan<Cell>& plan, const StepRow& s, const float*, Range units, int rank) {
  constexpr int G = Cell::gates;
  const Forward& a = plan.a;
  const std::int64_t H = a.hidden;
  NormalisedRow<Cell> row{s.gates, {}};
  find_moments<2 * G>(row.products, H, row.moments);
  if (saves_moments(plan, s, rank)) std::memcpy(a.gates + moments_offset<Cell>(a, s.row), row.moments, sizeof row.moments);
  const Zone zone(a, s.step, s.sequence);
  for (std::int64_t u = units.first; u < units.last; ++u) {
    vec from_x[G], from_h[G];
    row.apply_to_inputs(a, plan.input_bias.data(), u * lanes, from_x);
    row.template apply_to_states<G>(a, plan.hidden_bias.data(), u * lanes, from_h);
    Cell::advance(s, Cell::activate(from_x, from_h), u * lanes, H, zone);
  }
}

template <HasExtras Cell>
  requires(!TwoPhase<Cell>)
inline void forward_step(ForwardPlan<Cell>& plan, const StepRow* step, const float** h, std::int64_t rows, Range units,
                         int rank, int size) {
  constexpr int G = Cell::gates;
  const Forward& a = plan.a;
  float** products = plan.projected_rows.data() + rank * plan.chunk * a.sequence.batch;
  for (std::int64_t i = 0; i < rows; ++i) {
    h[i] = step[i].h;
    products[i] = HasLayerNorm<Cell> ? step[i].gates + G * a.hidden
                                     : plan.extras.products.data() + step[i].sequence * G * a.hidden;
  }
  if (a.dropout_mask != nullptr) mask_states(plan, step, h, rows, rank);
  const float* bias = HasLayerNorm<Cell> ? nullptr : plan.hidden_bias.data();
  multiply_rows(h, products, rows, plan.hidden_weights, {false, bias}, units.first, units.last);
  if (HasLayerNorm<Cell> && plan.split.by == By::units) plan.barrier.wait(rank, size);
  for (std::int64_t i = 0; i < rows; ++i) finish_row(plan, step[i], products[i], units, rank);
}

}  // namespace gatelet::GATELET_ISA
