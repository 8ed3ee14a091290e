#include "gru.h"
#include "kernels.h"

namespace gatelet::GATELET_ISA {

void gru_backward(const Backward& a, int threads) { run_backward<Gru>(a, threads); }

}  // namespace gatelet::GATELET_ISA
