// The kernels of AVX-512 with those over bfloat16 arrays compiled once more, for machines that multiply bfloat16 themselves.
#include "dispatch.h"
#include "half_kernels.h"

namespace gatelet {

template <>
const Kernels& kernels_of<Isa::GATELET_ISA>() {
  static const CellKernels halves[] = {GATELET_ISA::half_gru(), GATELET_ISA::half_lstm()};
  static const Kernels table = [] {
    Kernels found = kernels_of<Isa::avx512>();
    found.name = "avx512bf16";
    found.halves = halves;
    return found;
  }();
  return table;
}

}  // namespace gatelet
