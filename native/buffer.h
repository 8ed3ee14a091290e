// Memory that a kernel needs for the length of one call, aligned to a cache line and not initialised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "memory.h"
#include "simd.h"

namespace gatelet::GATELET_ISA {

template <class T>
class Buffer {
 public:
  explicit Buffer(std::int64_t count)
      : data_(static_cast<T*>(std::aligned_alloc(64, (static_cast<std::size_t>(count) * sizeof(T) + 64) / 64 * 64))) {
    if (data_ == nullptr) throw std::bad_alloc();
    prefer_large_pages(data_, static_cast<std::size_t>(count) * sizeof(T));
  }
  ~Buffer() { std::free(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::int64_t i) { return data_[i]; }

 private:
  T* data_;
};

}  // namespace gatelet::GATELET_ISA
