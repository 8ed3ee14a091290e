// The cells of one instruction set over bfloat16 arrays, each compiled in the file of its name.
#pragma once

#include "half_backward.h"
#include "half_forward.h"

namespace gatelet::GATELET_ISA {

CellKernels half_gru();
CellKernels half_lstm();

template <class Cell>
constexpr CellKernels half_kernels_of_cell(const char* name) {
  return {name, run_half_forward<Cell>, run_half_backward<Cell>};
}

}  // namespace gatelet::GATELET_ISA
