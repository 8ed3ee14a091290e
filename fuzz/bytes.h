// Reads a fuzzer's input as numbers; zeros when it is used up.
#pragma once

#include <cstdint>
#include <cstring>

struct Bytes {
  const std::uint8_t* data;
  std::size_t size;

  bool empty() const { return size == 0; }

  template <class T>
  T take() {
    T value{};
    const std::size_t count = size < sizeof(T) ? size : sizeof(T);
    if (count > 0) std::memcpy(&value, data, count);
    data += count, size -= count;
    return value;
  }

  // A whole number from low to high.
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + take<std::uint16_t>() % (high - low + 1); }
};

// Numbers that follow from a seed, for weights: a mutation of an input then changes one thing, not all of them.
struct Draw {
  std::uint64_t state;

  std::uint32_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state >> 33);
  }
};
