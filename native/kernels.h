// The cells of one instruction set, each compiled in the file of its name.
#pragma once

#include "backward.h"
#include "forward.h"
#include "scan.h"

namespace gatelet::GATELET_ISA {

CellKernels gru();
CellKernels lstm();
ScanKernels min_gru();
ScanKernels min_lstm();

template <class Cell>
constexpr CellKernels kernels_of_cell(const char* name) {
  return {name, run_forward<Cell>, run_backward<Cell>};
}

}  // namespace gatelet::GATELET_ISA
