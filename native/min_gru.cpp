#include "kernels.h"
#include "min_gru.h"

namespace gatelet::GATELET_ISA {

ScanKernels min_gru() { return kernels_of_scan<MinGru>("min_gru"); }

}  // namespace gatelet::GATELET_ISA
