/* The arithmetic that the integer cells share: rounding, clamping, gates, and sums of products. Not a public header. */
#ifndef GATELET_Q_ARITHMETIC_H
#define GATELET_Q_ARITHMETIC_H

#include <stdint.h>
#include <string.h>

#include "gatelet.h"
#include "reading.h"

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

/* round(2^15 tanh(k / 32)) for k = 0 ... 189, of which the last is the first that rounds to 1. */
#define GATELET_TABLE_LAST 189
extern const uint16_t gatelet_tanh_table[GATELET_TABLE_LAST + 1] GATELET_CONSTANTS;

/* tanh(u / 2) for u >= 0 in Q12, in Q15: 0 ... 32768, linear between the values of the table, 2^8 apart in u. */
GATELET_INLINE int32_t gatelet_half_tanh(uint32_t u) {
    const uint16_t *at;
    uint32_t low, high;
    if (u >= (uint32_t)GATELET_TABLE_LAST << 8) return 32768;
    at = gatelet_tanh_table + (u >> 8);
    low = (uint16_t)GATELET_READ16(at);
    high = (uint16_t)GATELET_READ16(at + 1);
    return (int32_t)(low + (((high - low) * (u & 255) + 128) >> 8));
}

static inline uint32_t gatelet_magnitude(int32_t a) { return (uint32_t)(a < 0 ? -a : a); }

/* The logistic function of v in Q12, in Q15: 0 ... 32768. */
GATELET_INLINE int32_t gatelet_sigmoid(int32_t v) {
    int32_t t = gatelet_half_tanh(gatelet_magnitude(v));
    return (32769 + (v < 0 ? -t : t)) >> 1;
}

/* tanh(u / 2) for u in Q12, in Q15: -32767 ... 32767. */
GATELET_INLINE int32_t gatelet_tanh_of_half(int32_t u) {
    int32_t t = gatelet_clamp16(gatelet_half_tanh(gatelet_magnitude(u)));
    return u < 0 ? -t : t;
}

/* Four activations, ready to be multiplied with four weights, and that product added to a sum. The sums of a cell are
 * exact, so their order does not matter, and both ways below give the same bits. */
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && !defined(__ARM_BIG_ENDIAN) && !defined(GATELET_PORTABLE)

/* Two products per instruction: SXTB16 widens bytes 0 and 2, or 1 and 3, so activations lie in the order 0, 2, 1, 3. */
static inline gatelet_four gatelet_four_of(int16_t a, int16_t b, int16_t c, int16_t d) {
    gatelet_four four;
    four.pairs[0] = (uint16_t)a | (uint32_t)(uint16_t)c << 16;
    four.pairs[1] = (uint16_t)b | (uint32_t)(uint16_t)d << 16;
    return four;
}

static inline int32_t gatelet_add(int32_t sum, const gatelet_four *x, const int8_t *w) {
    uint32_t bytes, even, odd;
    memcpy(&bytes, __builtin_assume_aligned(w, 4), sizeof bytes);
    __asm__("sxtb16 %0, %1" : "=r"(even) : "r"(bytes));
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(bytes));
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(even), "r"(x->pairs[0]));
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(odd), "r"(x->pairs[1]));
    return sum;
}

#else

static inline gatelet_four gatelet_four_of(int16_t a, int16_t b, int16_t c, int16_t d) {
    gatelet_four four;
    four.values[0] = a, four.values[1] = b, four.values[2] = c, four.values[3] = d;
    return four;
}

static inline int32_t gatelet_add(int32_t sum, const gatelet_four *x, const int8_t *w) {
    sum += (int32_t)GATELET_READ8(w) * x->values[0];
    sum += (int32_t)GATELET_READ8(w + 1) * x->values[1];
    sum += (int32_t)GATELET_READ8(w + 2) * x->values[2];
    sum += (int32_t)GATELET_READ8(w + 3) * x->values[3];
    return sum;
}

#endif

/* Lays activations out for `gatelet_add`, with zeros at the end. Gives where the next may begin. */
gatelet_four *gatelet_arrange(gatelet_four *scratch, const int16_t *x, uint16_t size);

#endif
