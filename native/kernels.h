// The cells of one instruction set, each compiled in the file of its name.
#pragma once

#include "extended_backward.h"
#include "extended_forward.h"
#include "scan.h"

namespace gatelet::GATELET_ISA {

CellKernels fastgrnn();
CellKernels gru();
CellKernels gru_reset_before();
CellKernels ligru();
CellKernels lstm();
CellKernels mgu();
ScanKernels min_gru();
ScanKernels min_lstm();
CellKernels rnn_tanh();

// The plain cell unless the call asks for more.
template <class Cell>
void forward_of(const Forward& a, int threads) {
  if constexpr (TakesExtras<Cell>) {
    if (a.layer_norm_ih != nullptr) return run_forward<Normalised<Cell>>(a, threads);
    if (a.dropout_mask != nullptr || a.zoneout > 0.0) return run_forward<Extended<Cell>>(a, threads);
  }
  run_forward<Cell>(a, threads);
}

template <class Cell>
void backward_of(const Backward& a, int threads) {
  if constexpr (TakesExtras<Cell>) {
    if (a.layer_norm_ih != nullptr) return run_backward<Normalised<Cell>>(a, threads);
    if (a.dropout_mask != nullptr || a.zoneout > 0.0) return run_backward<Extended<Cell>>(a, threads);
  }
  run_backward<Cell>(a, threads);
}

template <class Cell>
constexpr CellKernels kernels_of_cell(const char* name) {
  return {name, forward_of<Cell>, backward_of<Cell>};
}

}  // namespace gatelet::GATELET_ISA
