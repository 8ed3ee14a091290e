#include "memory.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gatelet {

void prefer_large_pages(void* memory, std::size_t bytes) noexcept {
#if defined(__linux__)
  constexpr std::uintptr_t large = std::uintptr_t{2} << 20;
  const std::uintptr_t first = (reinterpret_cast<std::uintptr_t>(memory) + large - 1) / large * large;
  const std::uintptr_t last = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / large * large;
  if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
  (void)memory;
  (void)bytes;
#endif
}

}  // namespace gatelet
