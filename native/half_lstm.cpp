#include "lstm.h"
#include "half_kernels.h"

namespace gatelet::GATELET_ISA {

CellKernels half_lstm() { return half_kernels_of_cell<Lstm>("lstm"); }

}  // namespace gatelet::GATELET_ISA
