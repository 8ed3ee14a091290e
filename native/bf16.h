// bfloat16 in memory, float in registers: the upper half of a float, rounded to the nearest, ties to even.
#pragma once

#include <cstring>

#include "simd.h"

namespace gatelet::GATELET_ISA {

struct bf16 {
  std::uint16_t half;
};

typedef std::uint16_t halves __attribute__((vector_size(lanes * 2)));

inline float as_float(bf16 value) {
  const std::uint32_t b = static_cast<std::uint32_t>(value.half) << 16;
  float f;
  std::memcpy(&f, &b, sizeof f);
  return f;
}

GATELET_INLINE vec load(const bf16* p) {
  halves h;
  std::memcpy(&h, p, sizeof h);
  return reinterpret_cast<vec>(__builtin_convertvector(h, bits) << 16);
}

GATELET_INLINE halves rounded(vec v) {
  const bits b = reinterpret_cast<bits>(v);
  const bits nearest = b + (0x7fffu + ((b >> 16) & 1u));
  const bits quiet = b | 0x400000u;  // a NaN must not round to infinity
  return __builtin_convertvector((v == v ? nearest : quiet) >> 16, halves);
}

GATELET_INLINE void store(bf16* p, vec v) {
  const halves h = rounded(v);
  std::memcpy(p, &h, sizeof h);
}

GATELET_INLINE vec load(const bf16* p, std::int64_t count) {
  if (count >= lanes) [[likely]] return load(p);
  bits b{};
  for (int i = 0; i < count; ++i) b[i] = static_cast<std::uint32_t>(p[i].half) << 16;
  return reinterpret_cast<vec>(b);
}

GATELET_INLINE void store(bf16* p, vec v, std::int64_t count) {
  if (count >= lanes) [[likely]] {
    store(p, v);
  } else {
    const halves h = rounded(v);
    for (int i = 0; i < count; ++i) p[i].half = h[i];
  }
}

}  // namespace gatelet::GATELET_ISA
