// The kernels of this instruction set under one name.
#include "dispatch.h"
#include "half_kernels.h"
#include "kernels.h"

#define GATELET_TEXT_OF(x) #x
#define GATELET_TEXT(x) GATELET_TEXT_OF(x)

namespace gatelet {

namespace GATELET_ISA {
std::unique_ptr<Program> new_program(std::int64_t width);  // program.cpp
}

template <>
const Kernels& kernels_of<Isa::GATELET_ISA>() {
  namespace isa = GATELET_ISA;
  static const CellKernels cells[] = {isa::gru(),   isa::lstm(),     isa::gru_reset_before(), isa::mgu(),
                                      isa::ligru(), isa::fastgrnn(), isa::rnn_tanh()};
  static const ScanKernels scans[] = {isa::min_gru(), isa::min_lstm()};
  static const CellKernels halves[] = {isa::half_gru(), isa::half_lstm()};
  static const Kernels table{GATELET_TEXT(GATELET_ISA), cells, sizeof cells / sizeof cells[0],
                             scans, sizeof scans / sizeof scans[0], halves, sizeof halves / sizeof halves[0],
                             isa::new_program};
  return table;
}

}  // namespace gatelet
