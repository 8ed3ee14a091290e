// The cells of one instruction set over bfloat16 arrays, each compiled in the file of its name.
#pragma once

#include "half_backward.h"
#include "half_forward.h"

namespace gatelet::GATELET_ISA {

CellKernels half_gru();
CellKernels half_lstm();

// The plain cell unless the call asks for dropout or zoneout. There is no LayerNorm over bfloat16 arrays.
template <class Cell>
void half_forward_of(const Forward& a, int threads) {
  if (a.dropout_mask != nullptr || a.zoneout > 0.0) return run_half_forward<Extended<Cell>>(a, threads);
  run_half_forward<Cell>(a, threads);
}

template <class Cell>
void half_backward_of(const Backward& a, int threads) {
  if (a.dropout_mask != nullptr || a.zoneout > 0.0) return run_half_backward<Extended<Cell>>(a, threads);
  run_half_backward<Cell>(a, threads);
}

template <class Cell>
constexpr CellKernels half_kernels_of_cell(const char* name) {
  return {name, half_forward_of<Cell>, half_backward_of<Cell>};
}

}  // namespace gatelet::GATELET_ISA
