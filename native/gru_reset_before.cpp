#include "gru_reset_before.h"

#include "kernels.h"

namespace gatelet::GATELET_ISA {

CellKernels gru_reset_before() { return kernels_of_cell<GruResetBefore>("gru_reset_before"); }

}  // namespace gatelet::GATELET_ISA
