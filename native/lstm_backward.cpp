#include "kernels.h"
#include "lstm.h"

namespace gatelet::GATELET_ISA {

void lstm_backward(const Backward& a, int threads) { run_backward<Lstm>(a, threads); }

}  // namespace gatelet::GATELET_ISA
