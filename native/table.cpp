// The kernels of this instruction set under one name.
#include "dispatch.h"
#include "kernels.h"

#define GATELET_TEXT_OF(x) #x
#define GATELET_TEXT(x) GATELET_TEXT_OF(x)

namespace gatelet {

template <>
const Kernels& kernels_of<Isa::GATELET_ISA>() {
  namespace isa = GATELET_ISA;
  static constexpr Kernels table{GATELET_TEXT(GATELET_ISA), isa::gru_forward, isa::gru_backward, isa::lstm_forward,
                                 isa::lstm_backward};
  return table;
}

}  // namespace gatelet
