#include "gru.h"
#include "kernels.h"

namespace gatelet::GATELET_ISA {

void gru_forward(const Forward& a, int threads) { run_forward<Gru>(a, threads); }

}  // namespace gatelet::GATELET_ISA
