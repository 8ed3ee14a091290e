#include "fastgrnn.h"

#include "kernels.h"

namespace gatelet::GATELET_ISA {

CellKernels fastgrnn() { return kernels_of_cell<FastGrnn>("fastgrnn"); }

}  // namespace gatelet::GATELET_ISA
