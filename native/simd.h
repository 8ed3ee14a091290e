// One vector of floats and the functions of it that the kernels need, written with the compiler's vector extension so that
// the same source becomes AVX-512, AVX2, NEON or SSE2. Everything lives in a namespace named after the instruction set:
// two builds of one function must never be merged by the linker.
#pragma once

#include <cstdint>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#ifndef GATELET_ISA
#error "compile this file through CMake, which sets GATELET_ISA, GATELET_LANES and GATELET_REGISTERS"
#endif

#define GATELET_INLINE [[gnu::always_inline]] inline

namespace gatelet::GATELET_ISA {

inline constexpr int lanes = GATELET_LANES;          // floats in a vector
inline constexpr int registers = GATELET_REGISTERS;  // vector registers the machine has
#if defined(__FMA__) || defined(__aarch64__)
inline constexpr bool fused = true;  // a * b + c is rounded once
#else
inline constexpr bool fused = false;
#endif

typedef float vec __attribute__((vector_size(lanes * 4)));
typedef std::uint32_t bits __attribute__((vector_size(lanes * 4)));
typedef float unaligned_vec __attribute__((vector_size(lanes * 4), aligned(4), may_alias));

GATELET_INLINE vec load(const float* p) { return *reinterpret_cast<const unaligned_vec*>(p); }
GATELET_INLINE void store(float* p, vec v) { *reinterpret_cast<unaligned_vec*>(p) = v; }
// Brings the cache line of p near; read soon, but not at once.
GATELET_INLINE void prefetch(const void* p) { __builtin_prefetch(p, 0, 2); }
// Minus zero, not plus: x - 0 is x even for x = -0, so nothing is left of it but the broadcast.
GATELET_INLINE vec broadcast(float value) { return value - vec{}; }

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

#if defined(__AVX512F__)
inline constexpr __mmask16 every = 0xffff;  // lanes; without a mask, GCC 12 warns of an operand that it never reads
#endif

// NaN passes through: the machine's minimum and maximum give their second operand where one of the two is NaN.
GATELET_INLINE vec clamp(vec x, float limit) {
#if defined(__AVX512F__)
  return _mm512_maskz_max_ps(every, broadcast(-limit), _mm512_maskz_min_ps(every, broadcast(limit), x));
#else
  x = x > limit ? broadcast(limit) : x;
  return x < -limit ? broadcast(-limit) : x;
#endif
}

// 1 / x, where both are normal numbers.
GATELET_INLINE vec reciprocal(vec x) {
#if defined(__AVX512F__)
  const vec guess = _mm512_maskz_rcp14_ps(every, x);  // good to 14 bits; one step of Newton's method doubles them
  return guess + guess * (1.0f - x * guess);
#else
  return 1.0f / x;
#endif
}

// exp(factor * x) = scale * (1 + tail), with |factor * x| <= 87 so that scale is a normal number. `factor` is 1, -1 or 2.
struct Exponential {
  vec scale;
  vec tail;
};

GATELET_INLINE Exponential exponential(vec x, float factor = 1.0f) {
  // Adding 1.5 * 2^23 rounds to an integer and leaves that integer in the low bits.
  const vec magic = broadcast(12582912.0f);
  const vec shifted = x * (factor * 1.44269504088896341f) + magic;
  const vec whole = shifted - magic;
  vec r;
  if constexpr (fused) {
    r = factor * x - whole * 0.693147180559945f;
  } else {  // ln 2 in two parts: the first has few bits, so its product with `whole` is exact
    r = (factor * x - whole * 0.693359375f) + whole * 2.12194440e-4f;
  }
  const vec r2 = r * r;
  const vec low = 5.0000001201e-1f + r * 1.6666665459e-1f;
  const vec middle = 4.1665795894e-2f + r * 8.3334519073e-3f;
  const vec high = 1.3981999507e-3f + r * 1.9875691500e-4f;
  const vec p = low + r2 * (middle + r2 * high);
  const bits exponent = (reinterpret_cast<bits>(shifted) << 23) + (127u << 23);
  return {reinterpret_cast<vec>(exponent), p * r2 + r};
}

GATELET_INLINE vec sigmoid(vec x) {
  const Exponential e = exponential(clamp(x, 87.0f), -1.0f);
  return reciprocal(e.scale * e.tail + (e.scale + 1.0f));
}

// (e^2x - 1) / (e^2x + 1); e^2x - 1 is formed without cancellation, so small x keep their digits.
GATELET_INLINE vec tanh(vec x) {
  const Exponential e = exponential(clamp(x, 20.0f), 2.0f);
  const vec minus_one = e.scale * e.tail + (e.scale - 1.0f);
#if defined(__AVX512F__)
  // Newton's step on the quotient, with the remainder of the denominator before it was rounded.
  const vec guess = _mm512_maskz_rcp14_ps(every, minus_one + 2.0f);
  const vec rough = minus_one * guess;
  return rough + guess * ((minus_one - rough * minus_one) - 2.0f * rough);
#else
  return minus_one / (minus_one + 2.0f);
#endif
}

}  // namespace gatelet::GATELET_ISA
