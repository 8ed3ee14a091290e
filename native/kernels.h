// The cells of one instruction set, each compiled in the file of its name.
#pragma once

#include "backward.h"
#include "forward.h"

namespace gatelet::GATELET_ISA {

CellKernels gru();
CellKernels lstm();

template <class Cell>
constexpr CellKernels kernels_of_cell(const char* name) {
  return {name, run_forward<Cell>, run_backward<Cell>};
}

}  // namespace gatelet::GATELET_ISA
