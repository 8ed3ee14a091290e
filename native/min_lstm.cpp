#include "kernels.h"
#include "min_lstm.h"

namespace gatelet::GATELET_ISA {

ScanKernels min_lstm() { return kernels_of_scan<MinLstm>("min_lstm"); }

}  // namespace gatelet::GATELET_ISA
