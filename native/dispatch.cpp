#include "dispatch.h"

#include <stdexcept>

namespace gatelet {

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> found;
#if defined(GATELET_HAS_AVX512)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")) {
#if defined(GATELET_HAS_AVX512BF16)
    if (__builtin_cpu_supports("avx512bf16")) found.push_back(&kernels_of<Isa::avx512bf16>());
#endif
    found.push_back(&kernels_of<Isa::avx512>());
  }
#endif
#if defined(GATELET_HAS_AVX2)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&kernels_of<Isa::avx2>());
#endif
#if defined(GATELET_HAS_NEON)
  found.push_back(&kernels_of<Isa::neon>());
#endif
#if defined(GATELET_HAS_PORTABLE)
  found.push_back(&kernels_of<Isa::portable>());
#endif
  return found;
}

const Kernels& choose_kernels(const std::string& name) {
  const std::vector<const Kernels*> available = available_kernels();
  std::string names;
  for (const Kernels* kernels : available) {
    if (name.empty() || name == kernels->name) return *kernels;
    names += names.empty() ? kernels->name : std::string(", ") + kernels->name;
  }
  throw std::invalid_argument("GATELET_ISA must be one of " + names + " on this machine; got " + name + ".");
}

}  // namespace gatelet
