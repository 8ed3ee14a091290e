#include "threads.h"

#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <dlfcn.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gatelet {
namespace {

struct Region {
  ParallelBody body;
  void* context;
};

// The GNU OpenMP entry points, stable since GCC 4.9 and also offered by LLVM's and Intel's runtimes.
struct OpenMp {
  void (*parallel)(void (*)(void*), void*, unsigned threads, unsigned flags) = nullptr;
  int (*rank)() = nullptr;
  int (*size)() = nullptr;

  bool complete() const { return parallel != nullptr && rank != nullptr && size != nullptr; }
};

OpenMp find_openmp() {
  OpenMp found;
#if (defined(__unix__) || defined(__APPLE__))
  found.parallel = reinterpret_cast<decltype(found.parallel)>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  found.rank = reinterpret_cast<decltype(found.rank)>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
  found.size = reinterpret_cast<decltype(found.size)>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));
#endif
  return found;
}

const OpenMp& openmp() {
  static const OpenMp found = find_openmp();
  return found;
}

void run_member(void* data) {
  const Region& region = *static_cast<const Region*>(data);
  region.body(region.context, openmp().rank(), openmp().size());
}

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void run_parallel(int threads, ParallelBody body, void* context) {
  if (threads > max_threads) threads = max_threads;
  if (threads <= 1) {
    body(context, 0, 1);
    return;
  }
  if (openmp().complete()) {
    Region region{body, context};
    openmp().parallel(run_member, &region, static_cast<unsigned>(threads), 0);
    return;
  }
  std::vector<std::thread> others;
  others.reserve(static_cast<std::size_t>(threads - 1));
  for (int rank = 1; rank < threads; ++rank) others.emplace_back(body, context, rank, threads);
  body(context, 0, threads);
  for (std::thread& other : others) other.join();
}

void Barrier::wait(int rank, int size) noexcept {
  if (size == 1) return;
  const std::uint32_t round = slots_[rank].reached.load(std::memory_order_relaxed) + 1;
  slots_[rank].reached.store(round, std::memory_order_release);
  for (int other = 0; other < size; ++other) {
    // A thread that is ahead has already reached the next round, never a later one: differences stay small and signed.
    for (int spins = 0; static_cast<std::int32_t>(slots_[other].reached.load(std::memory_order_acquire) - round) < 0;) {
      if (++spins < 4096) {
        pause();
      } else {
        std::this_thread::yield();
      }
    }
  }
}

}  // namespace gatelet
