// Cells whose step has two products, one after the other: over the state, for the gates, and then over the state times a
// gate, for the candidate. They take the place of one step in the frames of forward.h and backward.h; all else is shared.
//
// Such a cell counts `late_gates` (1) among its gates, the last in the order of the weights. Its `begin` writes the gated
// state into section `gated_section` of what is saved, where backward finds it again as the rows of the candidate's part of
// dW_hh. The first section of dG is the candidate's.
//
// Where threads share the hidden units, everybody needs the whole gated state (backward: the whole dn, then the whole dr), so
// there is one more barrier per step.
//
// A dropout mask lies over the state in both products: the gated state is gate * (mask * h).
#pragma once

#include "extended_backward.h"
#include "extended_forward.h"

namespace gatelet::GATELET_ISA {

template <TwoPhase Cell>
inline void forward_step(ForwardPlan<Cell>& plan, const StepRow* step, const float** h, std::int64_t rows, Range units,
                         int rank, int size) {
  constexpr int E = early_gates<Cell>();
  const std::int64_t H = plan.a.hidden;
  for (std::int64_t i = 0; i < rows; ++i) h[i] = step[i].h;
  if constexpr (HasExtras<Cell>) {
    if (plan.a.dropout_mask != nullptr) mask_states(plan, step, h, rows, rank);
  }
  for_tiles<E>(rows, units.first, units.last, [&]<int R, int P>(std::int64_t row, std::int64_t u) {
    vec sum[R][P * E] = {};
    accumulate<R, P, E>(RowPointers<R>(h + row, 0), H, plan.hidden_weights.panel(u), plan.hidden_weights.stride(), sum);
    for (int p = 0; p < P; ++p) {
      for (int r = 0; r < R; ++r) {
        const StepRow& s = step[row + r];
        Cell::begin(s, h[row + r], &sum[r][p * E], s.gates + Cell::gated_section * H, (u + p) * lanes, H);
      }
    }
  });
  if (plan.split.by == By::units) plan.barrier.wait(rank, size);
  for (std::int64_t i = 0; i < rows; ++i) h[i] = step[i].gates + Cell::gated_section * H;
  for_tiles<1>(rows, units.first, units.last, [&]<int R, int P>(std::int64_t row, std::int64_t u) {
    vec sum[R][P] = {};
    accumulate<R, P, 1>(RowPointers<R>(h + row, 0), H, plan.late_weights.panel(u), plan.late_weights.stride(), sum);
    for (int r = 0; r < R; ++r) {
      const auto zone = zone_of<Cell>(plan.a, step[row + r]);
      for (int p = 0; p < P; ++p) Cell::finish(step[row + r], &sum[r][p], (u + p) * lanes, H, plan.save, zone);
    }
  });
}

// The gradient of the gated state, `dn` W_hn, and what follows from it in row_of(i).
template <TwoPhase Cell, class RowOf>
inline void pass_gated_state(BackwardPlan<Cell>& plan, const float* const* dn, std::int64_t count, Range units,
                             RowOf row_of) {
  const std::int64_t H = plan.a.hidden;
  for_tiles<1>(count, units.first, units.last, [&]<int R, int P>(std::int64_t row, std::int64_t u) {
    vec sum[R][P] = {};
    accumulate<R, P, 1>(RowPointers<R>(dn + row, 0), H, plan.late_weights.panel(u), plan.late_weights.stride(), sum);
    for (int r = 0; r < R; ++r) {
      const GradientRow& g = row_of(row + r);
      for (int p = 0; p < P; ++p) {
        const std::int64_t j = (u + p) * lanes;
        if constexpr (HasExtras<Cell>) {
          if (plan.a.dropout_mask != nullptr) sum[r][p] *= load(plan.a.dropout_mask + g.sequence * H + j, H - j);
        }
        Cell::differentiate_gated(g, sum[r][p], j, H);
      }
    }
  });
}

// The gated state before dh += (dG of the gates) W_hh, which is as for every cell.
template <TwoPhase Cell>
inline void pass_back(BackwardPlan<Cell>& plan, std::int64_t k, Range rows, const GradientRow* step, Range units, int rank,
                      int size) {
  const std::int64_t count = rows.last - rows.first;
  const float** dn = plan.pointers_of(rank);
  for (std::int64_t i = 0; i < count; ++i) dn[i] = step[i].dg;
  pass_gated_state(plan, dn, count, units, [&](std::int64_t i) -> const GradientRow& { return step[i]; });
  if (plan.split.by == By::units) plan.barrier.wait(rank, size);
  multiply_back(plan, k, rows, step, units, rank);
}

}  // namespace gatelet::GATELET_ISA
