// One vector of floats and the functions of it that the kernels need, written with the compiler's vector extension so that
// the same source becomes AVX-512, AVX2, NEON or SSE2. Everything lives in a namespace named after the instruction set:
// two builds of one function must never be merged by the linker.
#pragma once

#include <cstdint>

#ifndef GATELET_ISA
#error "compile this file through CMake, which sets GATELET_ISA, GATELET_LANES and GATELET_REGISTERS"
#endif

#define GATELET_INLINE [[gnu::always_inline]] inline

namespace gatelet::GATELET_ISA {

inline constexpr int lanes = GATELET_LANES;          // floats in a vector
inline constexpr int registers = GATELET_REGISTERS;  // vector registers the machine has

typedef float vec __attribute__((vector_size(lanes * 4)));
typedef std::uint32_t bits __attribute__((vector_size(lanes * 4)));
typedef float unaligned_vec __attribute__((vector_size(lanes * 4), aligned(4), may_alias));

GATELET_INLINE vec load(const float* p) { return *reinterpret_cast<const unaligned_vec*>(p); }
GATELET_INLINE void store(float* p, vec v) { *reinterpret_cast<unaligned_vec*>(p) = v; }
// Brings the cache line of p near; read soon, but not at once.
GATELET_INLINE void prefetch(const float* p) { __builtin_prefetch(p, 0, 2); }
GATELET_INLINE vec broadcast(float value) { return vec{} + value; }

// The first `count` floats, the rest zero. The last block of an odd-sized row takes the slow way.
GATELET_INLINE vec load(const float* p, std::int64_t count) {
  if (count >= lanes) [[likely]] return load(p);
  vec v{};
  for (int i = 0; i < count; ++i) v[i] = p[i];
  return v;
}

GATELET_INLINE void store(float* p, vec v, std::int64_t count) {
  if (count >= lanes) [[likely]] {
    store(p, v);
  } else {
    for (int i = 0; i < count; ++i) p[i] = v[i];
  }
}

// exp(x) = scale * (1 + tail), with |x| <= 87 so that scale is a normal number.
struct Exponential {
  vec scale;
  vec tail;
};

GATELET_INLINE Exponential exponential(vec x) {
  // Adding 1.5 * 2^23 rounds to an integer and leaves that integer in the low bits.
  const vec magic = broadcast(12582912.0f);
  const vec shifted = x * 1.44269504088896341f + magic;
  const vec whole = shifted - magic;
  // ln 2 in two parts: the first has few bits, so its product with `whole` is exact.
  const vec r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  vec p = broadcast(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const bits exponent = (reinterpret_cast<bits>(shifted) - reinterpret_cast<bits>(magic) + 127u) << 23;
  return {reinterpret_cast<vec>(exponent), p * (r * r) + r};
}

// Written so that NaN passes through.
GATELET_INLINE vec clamp(vec x, float limit) {
  x = x > limit ? broadcast(limit) : x;
  return x < -limit ? broadcast(-limit) : x;
}

GATELET_INLINE vec sigmoid(vec x) {
  const Exponential e = exponential(clamp(-x, 87.0f));
  return 1.0f / (e.scale * e.tail + (e.scale + 1.0f));
}

// (e^2x - 1) / (e^2x + 1); e^2x - 1 is formed without cancellation, so small x keep their digits.
GATELET_INLINE vec tanh(vec x) {
  const Exponential e = exponential(clamp(x + x, 40.0f));
  const vec minus_one = e.scale * e.tail + (e.scale - 1.0f);
  return minus_one / (minus_one + 2.0f);
}

}  // namespace gatelet::GATELET_ISA
