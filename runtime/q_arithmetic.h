/* The arithmetic that the integer cells share: rounding, clamping, gates, and sums of products. Not a public header. */
#ifndef GATELET_Q_ARITHMETIC_H
#define GATELET_Q_ARITHMETIC_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(GATELET_PORTABLE)
#include <emmintrin.h>
#endif

#include "gatelet.h"
#include "reading.h"

/* Cores with two products of 16 bits per instruction. */
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && !defined(__ARM_BIG_ENDIAN) && !defined(GATELET_PORTABLE)
#define GATELET_DSP
/* Where a pointer stands stays in its register: GCC would rather divide, after a loop, to find it again. */
#define GATELET_KEEP(pointer) __asm__("" : "+r"(pointer))
#else
#define GATELET_KEEP(pointer) ((void)0)
#endif

/* floor(a / 2^s). C leaves the shift of a negative number to the compiler; where it shifts in zeros, this does not. */
static inline int32_t gatelet_floor_shift(int32_t a, int s) {
    return ((int32_t)-1 >> 1) == -1 || a >= 0 ? a >> s : ~(~a >> s);
}

/* floor((a + 2^(s-1)) / 2^s), s at least 1. */
static inline int32_t gatelet_shift(int32_t a, int s) { return gatelet_floor_shift(a + ((int32_t)1 << (s - 1)), s); }

/* a clamped to what a signed number of 16, or of 17, bits holds. */
#if defined(__ARM_FEATURE_SAT) && defined(__GNUC__)
static inline int16_t gatelet_clamp16(int32_t a) {
    __asm__("ssat %0, #16, %1" : "=r"(a) : "r"(a));
    return (int16_t)a;
}
static inline int32_t gatelet_clamp17(int32_t a) {
    __asm__("ssat %0, #17, %1" : "=r"(a) : "r"(a));
    return a;
}
#else
static inline int16_t gatelet_clamp16(int32_t a) {
    return (int16_t)(a > INT16_MAX ? INT16_MAX : a < INT16_MIN ? INT16_MIN : a);
}
static inline int32_t gatelet_clamp17(int32_t a) { return a > 65535 ? 65535 : a < -65536 ? -65536 : a; }
#endif

/* -round(2^15 tanh(k / 32)) for k = 0 ... 189, of which the last is the first that rounds to -2^15. */
#define GATELET_TABLE_LAST 189
extern const int16_t gatelet_tanh_table[GATELET_TABLE_LAST + 1] GATELET_CONSTANTS;

static inline uint32_t gatelet_magnitude(int32_t a) { return (uint32_t)(a < 0 ? -a : a); }

/* tanh(|v| / 2) for v in Q12, in Q23: 0 ... 2^23, linear between the values of the table, 2^8 apart in v. */
GATELET_INLINE int32_t gatelet_half_tanh_inline(int32_t v) {
    uint32_t u = gatelet_magnitude(v);
    /* as a number: an address past the table, which is not read, may not be made by adding to one */
    const int16_t *at = (const int16_t *)((uintptr_t)gatelet_tanh_table + (uintptr_t)(u >> 8) * sizeof(int16_t));
    if (u >= (uint32_t)GATELET_TABLE_LAST << 8) return (int32_t)1 << 23;
    u &= 255;
#ifdef GATELET_DSP
    {
        uint32_t two, shares = u - (u << 16) + 0xff00u; /* u - 256 and -u, of the two neighbours */
        int32_t between;
        memcpy(&two, at, sizeof two);
        __asm__("smuad %0, %1, %2" : "=r"(between) : "r"(two), "r"(shares));
        return between;
    }
#else
    {
        const int32_t low = GATELET_READ16(at), high = GATELET_READ16(at + 1);
        return (low - high) * (int32_t)u - low * 256;
    }
#endif
}

/* One function for all gates of a small core; elsewhere a copy per gate, which is quicker. */
#if UINTPTR_MAX <= 0xffffffff && !defined(GATELET_DSP)
int32_t gatelet_half_tanh(int32_t v);
#else
#define gatelet_half_tanh gatelet_half_tanh_inline
#endif

/* The logistic function of v in Q12, in Q15: 0 ... 32768. With t = half_tanh in Q15, rounded, it is (32769 + t) / 2 or, for
 * negative v, (32769 - t) / 2, rounded down; the complement ~a = -a - 1 makes one formula of both. */
GATELET_INLINE int32_t gatelet_sigmoid(int32_t v) {
    return ((gatelet_half_tanh(v) ^ gatelet_floor_shift(v, 31)) + ((int32_t)32769 * 256 + 128)) >> 9;
}

/* tanh(u / 2) for u in Q12, in Q15: -32767 ... 32767. */
GATELET_INLINE int32_t gatelet_tanh_of_half(int32_t u) {
    const int32_t t = (gatelet_half_tanh(u) + 128) >> 8, sign = gatelet_floor_shift(u, 31);
    return ((t - (t >> 15)) ^ sign) - sign; /* 32768 becomes 32767 */
}

/* Four activations, ready to be multiplied with four weights, and that product added to a sum. The sums of a cell are
 * exact, so their order does not matter, and all ways below give the same bits. A sum begins with half of 2^8, by which it
 * is shifted in the end. */
#ifdef GATELET_DSP

/* Two products per instruction: SXTB16 widens bytes 0 and 2, or 1 and 3, so activations lie in the order 0, 2, 1, 3. */
static inline void gatelet_arrange_four(gatelet_four *four, int16_t a, int16_t b, int16_t c, int16_t d) {
    four->pairs[0] = (uint16_t)a | (uint32_t)(uint16_t)c << 16;
    four->pairs[1] = (uint16_t)b | (uint32_t)(uint16_t)d << 16;
}

#endif

#if defined(__SSE2__) && !defined(GATELET_PORTABLE)

/* Products side by side; a sum lies in two parts. */
typedef __m128i gatelet_q_sum;

GATELET_INLINE gatelet_q_sum gatelet_q_start(void) { return _mm_cvtsi32_si128(128); }

GATELET_INLINE gatelet_q_sum gatelet_add(gatelet_q_sum sum, const gatelet_four *x, const int8_t *w) {
    int32_t bytes;
    __m128i weights;
    memcpy(&bytes, w, sizeof bytes);
    weights = _mm_cvtsi32_si128(bytes);
    weights = _mm_srai_epi16(_mm_unpacklo_epi8(weights, weights), 8);
    return _mm_add_epi32(sum, _mm_madd_epi16(weights, _mm_loadl_epi64((const __m128i *)(const void *)x)));
}

GATELET_INLINE int32_t gatelet_q_end(gatelet_q_sum sum) {
    return gatelet_floor_shift(_mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_srli_epi64(sum, 32))), 8);
}

#else

typedef int32_t gatelet_q_sum;

GATELET_INLINE gatelet_q_sum gatelet_q_start(void) { return 128; }

GATELET_INLINE gatelet_q_sum gatelet_add(gatelet_q_sum sum, const gatelet_four *x, const int8_t *w) {
#ifdef GATELET_DSP
    uint32_t bytes, even, odd;
    memcpy(&bytes, __builtin_assume_aligned(w, 4), sizeof bytes);
    __asm__("sxtb16 %0, %1" : "=r"(even) : "r"(bytes));
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(bytes));
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(even), "r"(x->pairs[0]));
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(odd), "r"(x->pairs[1]));
#elif defined(__AVR_HAVE_MUL__) && !defined(GATELET_PORTABLE)
    /* a product of 8 and 16 bits is two of 8 bits; the compiler would make one of 32 and 32 */
    const int16_t *at = x->values;
    int16_t value;
    int8_t weight;
    uint8_t sign, left = 4;
    __asm__("1: ld %A[value], %a[at]+\n\tld %B[value], %a[at]+\n\tlpm %[weight], %a[w]+\n\t"
            "mulsu %[weight], %A[value]\n\tsbc %[sign], %[sign]\n\tadd %A[sum], r0\n\tadc %B[sum], r1\n\t"
            "adc %C[sum], %[sign]\n\tadc %D[sum], %[sign]\n\tmuls %[weight], %B[value]\n\tsbc %[sign], %[sign]\n\t"
            "add %B[sum], r0\n\tadc %C[sum], r1\n\tadc %D[sum], %[sign]\n\tdec %[left]\n\tbrne 1b\n\tclr r1"
            : [sum] "+r"(sum), [at] "+x"(at), [w] "+z"(w), [value] "=&a"(value), [weight] "=&a"(weight),
              [sign] "=&r"(sign), [left] "+r"(left)
            :
            : "memory");
#else
    sum += (int32_t)GATELET_READ8(w) * x->values[0];
    sum += (int32_t)GATELET_READ8(w + 1) * x->values[1];
    sum += (int32_t)GATELET_READ8(w + 2) * x->values[2];
    sum += (int32_t)GATELET_READ8(w + 3) * x->values[3];
#endif
    return sum;
}

GATELET_INLINE int32_t gatelet_q_end(gatelet_q_sum sum) { return gatelet_floor_shift(sum, 8); }

#endif

/* Lays activations out for `gatelet_add`, with zeros at the end. Gives where the next may begin. */
gatelet_four *gatelet_arrange(gatelet_four *scratch, const int16_t *x, uint16_t size);

/* Of a W_hh of low rank the right factor times h, arranged where seen says. Gives where it ends; as numbers it lies there. */
GATELET_INLINE gatelet_four *gatelet_q_seen(const gatelet_q_dense *right, const int16_t *h, gatelet_four *seen) {
    gatelet_four *const sums = seen + GATELET_GROUPS(right->outputs);
    gatelet_q_dense_step(right, h, sums->values, sums + GATELET_GROUPS(right->outputs));
    return gatelet_arrange(seen, sums->values, right->outputs);
}

#endif
