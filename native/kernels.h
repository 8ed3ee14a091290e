// The entry points of one instruction set, each defined in the file of its name.
#pragma once

#include "recurrent.h"
#include "simd.h"

namespace gatelet::GATELET_ISA {

void gru_forward(const Forward& arguments, int threads);
void gru_backward(const Backward& arguments, int threads);
void lstm_forward(const Forward& arguments, int threads);
void lstm_backward(const Backward& arguments, int threads);

}  // namespace gatelet::GATELET_ISA
