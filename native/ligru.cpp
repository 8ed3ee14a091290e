#include "ligru.h"

#include "kernels.h"

namespace gatelet::GATELET_ISA {

CellKernels ligru() { return kernels_of_cell<LiGru>("ligru"); }

}  // namespace gatelet::GATELET_ISA
