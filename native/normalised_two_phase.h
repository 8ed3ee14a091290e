// One step of a cell with two products (two_phase.h) and LayerNorm. Both kinds of products go to memory, and the gates of all
// rows of a step lie beside them until the second product is known.
//
// Where threads share the hidden units, either product has to be whole before it can be normalised: two barriers more per
// step, each way.
#pragma once

#include "two_phase.h"

namespace gatelet::GATELET_ISA {

// Once all products but the candidate's are known: its early gates and the gated state.
template <TwoPhase Cell>
  requires HasLayerNorm<Cell>
inline void begin_row(ForwardPlan<Cell>& plan, const StepRow& s, const float* h, Range units, int rank) {
  constexpr int G = Cell::gates, E = early_gates<Cell>();
  const Forward& a = plan.a;
  const std::int64_t H = a.hidden;
  NormalisedRow<Cell> row{s.gates, {}};
  find_moments<G + E>(row.products, H, row.moments);
  if (saves_moments(plan, s, rank)) {
    std::memcpy(a.gates + moments_offset<Cell>(a, s.row), row.moments, (G + E) * sizeof(Moments));
  }
  StepRow inner = s;
  inner.gates = plan.extras.gates.data() + s.sequence * G * H;
  float* gated = s.gates + Cell::gated_section * H;
  for (std::int64_t u = units.first; u < units.last; ++u) {
    const std::int64_t j = u * lanes;
    vec from_x[G], from_h[E];
    row.apply_to_inputs(a, plan.input_bias.data(), j, from_x);
    row.template apply_to_states<E>(a, plan.hidden_bias.data(), j, from_h);
    for (int g = 0; g < G; ++g) store(inner.gates + g * H + j, from_x[g], H - j);
    Cell::begin(inner, h, from_h, gated, j, H);
  }
}

// Once the candidate's product is known.
template <TwoPhase Cell>
  requires HasLayerNorm<Cell>
inline void end_row(ForwardPlan<Cell>& plan, const StepRow& s, Range units, int rank) {
  constexpr int G = Cell::gates, E = early_gates<Cell>();
  const Forward& a = plan.a;
  const std::int64_t H = a.hidden;
  NormalisedRow<Cell> row{s.gates, {}};
  find_moments<G - E>(row.products + (G + E) * H, H, row.moments + G + E);
  if (saves_moments(plan, s, rank)) {
    float* to = a.gates + moments_offset<Cell>(a, s.row) + 2 * (G + E);
    std::memcpy(to, row.moments + G + E, (G - E) * sizeof(Moments));
  }
  StepRow inner = s;
  inner.gates = plan.extras.gates.data() + s.sequence * G * H;
  const Zone zone(a, s.step, s.sequence);
  for (std::int64_t u = units.first; u < units.last; ++u) {
    vec from_h[G - E];
    row.template apply_to_states<G - E>(a, plan.hidden_bias.data(), u * lanes, from_h, E);
    Cell::finish(inner, from_h, u * lanes, H, false, zone);
  }
}

template <TwoPhase Cell>
  requires HasLayerNorm<Cell>
inline void forward_step(ForwardPlan<Cell>& plan, const StepRow* step, const float** h, std::int64_t rows, Range units,
                         int rank, int size) {
  constexpr int G = Cell::gates, E = early_gates<Cell>();
  const Forward& a = plan.a;
  const std::int64_t H = a.hidden;
  const bool shared = plan.split.by == By::units;
  float** products = plan.projected_rows.data() + rank * plan.chunk * a.sequence.batch;
  for (std::int64_t i = 0; i < rows; ++i) {
    h[i] = step[i].h;
    products[i] = step[i].gates + G * H;
  }
  if (a.dropout_mask != nullptr) mask_states(plan, step, h, rows, rank);
  multiply_rows(h, products, rows, plan.hidden_weights, {false, nullptr}, units.first, units.last);
  if (shared) plan.barrier.wait(rank, size);
  for (std::int64_t i = 0; i < rows; ++i) begin_row(plan, step[i], h[i], units, rank);
  if (shared) plan.barrier.wait(rank, size);
  for (std::int64_t i = 0; i < rows; ++i) {
    h[i] = step[i].gates + Cell::gated_section * H;
    products[i] = step[i].gates + (G + E) * H;
  }
  multiply_rows(h, products, rows, plan.late_weights, {false, nullptr}, units.first, units.last);
  if (shared) plan.barrier.wait(rank, size);
  for (std::int64_t i = 0; i < rows; ++i) end_row(plan, step[i], units, rank);
}

// The memory for the gates of a sequence, found again.
template <HasLayerNorm Cell>
inline float* gates_again(BackwardPlan<Cell>& plan, std::int64_t sequence) {
  return plan.extras.gates.data() + sequence * plan.extras.columns * plan.a.hidden;
}

// The gates once more from the saved products, and what there is to know before the gradient of the gated state.
template <TwoPhase Cell>
  requires HasLayerNorm<Cell>
inline void differentiate_row(BackwardPlan<Cell>& plan, const GradientRow& g, Range units, int) {
  using Base = typename Cell::Base;
  constexpr int G = Cell::gates, E = early_gates<Cell>();
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const NormalisedRow<Cell> row = saved_row<Cell>(a, g.row);
  float* gates = gates_again(plan, g.sequence);
  StepRow again{};
  again.h = g.h, again.gates = gates, again.y = gates + Base::saved * H;
  const GradientRow inner = inner_row(plan, g, gates);
  const Zone zone(a, g.step, g.sequence);
  for (std::int64_t u = units.first; u < units.last; ++u) {
    const std::int64_t j = u * lanes;
    vec from_x[G], from_h[G];
    row.apply_to_inputs(a, plan.extras.input_bias.data(), j, from_x);
    row.template apply_to_states<G>(a, plan.extras.hidden_bias.data(), j, from_h);
    for (int gate = 0; gate < G; ++gate) store(gates + gate * H + j, from_x[gate], H - j);
    Base::begin(again, g.h, from_h, gates + Base::gated_section * H, j, H);
    Base::finish(again, from_h + E, j, H, true);
    Base::differentiate(inner, j, H, zone);
  }
}

template <TwoPhase Cell>
  requires HasLayerNorm<Cell>
inline void pass_back(BackwardPlan<Cell>& plan, std::int64_t k, Range rows, const GradientRow* step, Range units, int rank,
                      int size) {
  constexpr int late = late_section<Cell>();
  const std::int64_t H = plan.a.hidden;
  const std::int64_t count = rows.last - rows.first;
  const bool shared = plan.split.by == By::units;
  for (std::int64_t i = 0; i < count; ++i) pass_layer_norms(plan, step[i], units, late, late + 1);
  if (shared) plan.barrier.wait(rank, size);
  const float** dn = plan.pointers_of(rank);
  for (std::int64_t i = 0; i < count; ++i) dn[i] = step[i].dg + late * H;
  pass_gated_state(plan, dn, count, units,
                   [&](std::int64_t i) { return inner_row(plan, step[i], gates_again(plan, step[i].sequence)); });
  if (shared) plan.barrier.wait(rank, size);
  for (std::int64_t i = 0; i < count; ++i) {
    pass_layer_norms(plan, step[i], units, 0, late);
    pass_layer_norms(plan, step[i], units, late + 1);
  }
  if (shared) plan.barrier.wait(rank, size);
  multiply_back(plan, k, rows, step, units, rank);
}

}  // namespace gatelet::GATELET_ISA
