// Chooses the instruction set when the program runs.
#pragma once

#include <string>
#include <vector>

#include "kernel_table.h"

namespace gatelet {

enum class Isa { avx512bf16, avx512, avx2, neon, portable };

template <Isa isa>
const Kernels& kernels_of();  // defined by table.cpp, once per instruction set that was built

// The sets that were built and that this machine has, fastest first.
std::vector<const Kernels*> available_kernels();

// By name, or the fastest where the name is empty. Throws std::invalid_argument for a name that is not available here.
const Kernels& choose_kernels(const std::string& name);

}  // namespace gatelet
