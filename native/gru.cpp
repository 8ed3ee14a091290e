#include "gru.h"

#include "kernels.h"

namespace gatelet::GATELET_ISA {

CellKernels gru() { return kernels_of_cell<Gru>("gru"); }

}  // namespace gatelet::GATELET_ISA
