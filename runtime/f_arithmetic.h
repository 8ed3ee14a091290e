/* What the float cells share: gates, and sums of products. Not a public header. */
#ifndef GATELET_F_ARITHMETIC_H
#define GATELET_F_ARITHMETIC_H

#include <stdint.h>
#include <string.h>

#include "gatelet.h"
#include "reading.h"

float gatelet_tanh(float x);

static inline float gatelet_logistic(float x) { return 1.0f / (1.0f + gatelet_exp(-x)); }

#if defined(__GNUC__) && defined(__ARM_FEATURE_FMA)
#define GATELET_FMA(a, b, c) __builtin_fmaf(a, b, c)
#else
#define GATELET_FMA(a, b, c) ((a) * (b) + (c))
#endif

/* A sum of products, four columns at a time: side by side where the machine has registers for that, else one by one. */
#if defined(__GNUC__) && (defined(__SSE__) || defined(__ARM_NEON) || defined(__wasm_simd128__))

typedef float gatelet_sum __attribute__((vector_size(16)));

GATELET_INLINE gatelet_sum gatelet_nothing(void) {
    gatelet_sum zeros = {0.0f, 0.0f, 0.0f, 0.0f};
    return zeros;
}

GATELET_INLINE gatelet_sum gatelet_plus(gatelet_sum sum, const float *x, const float *w) {
    gatelet_sum four, weights;
    memcpy(&four, x, sizeof four);
    memcpy(&weights, w, sizeof weights);
    return sum + four * weights;
}

GATELET_INLINE float gatelet_total(gatelet_sum sum) { return (sum[0] + sum[1]) + (sum[2] + sum[3]); }

#else

typedef float gatelet_sum;

GATELET_INLINE gatelet_sum gatelet_nothing(void) { return 0.0f; }

GATELET_INLINE gatelet_sum gatelet_plus(gatelet_sum sum, const float *x, const float *w) {
    sum = GATELET_FMA(x[0], GATELET_READF(w), sum);
    sum = GATELET_FMA(x[1], GATELET_READF(w + 1), sum);
    sum = GATELET_FMA(x[2], GATELET_READF(w + 2), sum);
    return GATELET_FMA(x[3], GATELET_READF(w + 3), sum);
}

GATELET_INLINE float gatelet_total(gatelet_sum sum) { return sum; }

#endif

/* Weights of G matrices times each group of x, added to sums: (G). Each load of x serves all of them. */
GATELET_INLINE const float *gatelet_plus_one(const float *w, const float *x, const float *end, float *sums) {
    gatelet_sum a = gatelet_nothing();
    for (; x != end; x += 4, w += 4) a = gatelet_plus(a, x, w);
    sums[0] += gatelet_total(a);
    return w;
}

GATELET_INLINE const float *gatelet_plus_two(const float *w, const float *x, const float *end, float *sums) {
    gatelet_sum a = gatelet_nothing(), b = a;
    for (; x != end; x += 4, w += 8) a = gatelet_plus(a, x, w), b = gatelet_plus(b, x, w + 4);
    sums[0] += gatelet_total(a), sums[1] += gatelet_total(b);
    return w;
}

GATELET_INLINE const float *gatelet_plus_three(const float *w, const float *x, const float *end, float *sums) {
    gatelet_sum a = gatelet_nothing(), b = a, c = a;
    for (; x != end; x += 4, w += 12) {
        a = gatelet_plus(a, x, w), b = gatelet_plus(b, x, w + 4), c = gatelet_plus(c, x, w + 8);
    }
    sums[0] += gatelet_total(a), sums[1] += gatelet_total(b), sums[2] += gatelet_total(c);
    return w;
}

GATELET_INLINE const float *gatelet_plus_four(const float *w, const float *x, const float *end, float *sums) {
    gatelet_sum a = gatelet_nothing(), b = a, c = a, d = a;
    for (; x != end; x += 4, w += 16) {
        a = gatelet_plus(a, x, w), b = gatelet_plus(b, x, w + 4);
        c = gatelet_plus(c, x, w + 8), d = gatelet_plus(d, x, w + 12);
    }
    sums[0] += gatelet_total(a), sums[1] += gatelet_total(b), sums[2] += gatelet_total(c), sums[3] += gatelet_total(d);
    return w;
}

/* Copies values into scratch and fills the last group up with zeros. Gives where the next may begin. */
float *gatelet_f_arrange(float *scratch, const float *x, uint16_t size);

/* The gates of all units, and the state after them. What W_hh meets, h or of low rank the sums of gatelet_seen, lies
 * arranged behind x in scratch: from old to end. */
void gatelet_f_gru_units(const gatelet_f_cell *cell, const float *old, const float *end, float *h, const float *scratch);
void gatelet_f_lstm_units(const gatelet_f_cell *cell, const float *end, float *h, float *c, const float *scratch);

/* Of a W_hh of low rank the right factor times h, (rank), arranged where seen says. Gives where it ends; h lies there. */
GATELET_INLINE float *gatelet_seen(const float *right, uint16_t rank, const float *h, uint16_t units, float *seen) {
    float *const old = seen + 4 * (uint32_t)GATELET_GROUPS((uint32_t)rank);
    const float *const end = gatelet_f_arrange(old, h, units);
    for (; rank > 0; rank--, seen++) {
        *seen = 0.0f;
        right = gatelet_plus_one(right, old, end, seen);
    }
    while (seen != old) *seen++ = 0.0f;
    return old;
}

#endif
