#include "lstm.h"

#include "kernels.h"

namespace gatelet::GATELET_ISA {

CellKernels lstm() { return kernels_of_cell<Lstm>("lstm"); }

}  // namespace gatelet::GATELET_ISA
