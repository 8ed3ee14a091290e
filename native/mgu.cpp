#include "mgu.h"

#include "kernels.h"

namespace gatelet::GATELET_ISA {

CellKernels mgu() { return kernels_of_cell<Mgu>("mgu"); }

}  // namespace gatelet::GATELET_ISA
