#include "rnn_tanh.h"

#include "kernels.h"

namespace gatelet::GATELET_ISA {

CellKernels rnn_tanh() { return kernels_of_cell<RnnTanh>("rnn_tanh"); }

}  // namespace gatelet::GATELET_ISA
