#include "gru.h"
#include "half_kernels.h"

namespace gatelet::GATELET_ISA {

CellKernels half_gru() { return half_kernels_of_cell<Gru>("gru"); }

}  // namespace gatelet::GATELET_ISA
