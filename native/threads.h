// One parallel region for a whole sequence, and the barrier used inside it.
#pragma once

#include <atomic>
#include <cstdint>

namespace gatelet {

inline constexpr int max_threads = 64;

// Runs body(context, rank, size) once for every rank in 0 .. size, all at the same time. `size` is `threads` or fewer.
// Threads come from the OpenMP runtime that the process has loaded already (PyTorch's, so that two pools of waiting
// threads never compete for the cores), else they are started for the call.
using ParallelBody = void (*)(void* context, int rank, int size);
void run_parallel(int threads, ParallelBody body, void* context);

template <class Body>
void parallel(int threads, Body& body) {
  run_parallel(threads, [](void* context, int rank, int size) { (*static_cast<Body*>(context))(rank, size); }, &body);
}

// Each thread owns one cache line and writes how many barriers it has reached; waiting is reading the others' lines.
// That costs one line transfer between two cores, where a shared counter costs two.
class Barrier {
 public:
  void wait(int rank, int size) noexcept;

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint32_t> reached{0};
  };
  Slot slots_[max_threads];
};

}  // namespace gatelet
