#include "kernels.h"
#include "lstm.h"

namespace gatelet::GATELET_ISA {

void lstm_forward(const Forward& a, int threads) { run_forward<Lstm>(a, threads); }

}  // namespace gatelet::GATELET_ISA
