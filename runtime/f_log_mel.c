/* Samples of sound to the logarithm of their power in mel bands. */
#include "f_arithmetic.h"

typedef struct {
    float re, im;
} number;

GATELET_INLINE number taken(const float *z) {
    number found = {z[0], z[1]};
    return found;
}

/* z times a constant of the table. */
GATELET_INLINE number turned(const float *z, const float *turn) {
    const float re = GATELET_READF(turn), im = GATELET_READF(turn + 1);
    number found = {GATELET_FMA(z[0], re, -(z[1] * im)), GATELET_FMA(z[0], im, z[1] * re)};
    return found;
}

GATELET_INLINE void put(float *z, float re, float im) { z[0] = re, z[1] = im; }

/* The transform of each group of an odd number of values, sum by sum. turns: all powers of its root; group: room for one. */
static void transform_odd(const float *turns, uint16_t odd, uint16_t size, float *z, float *group) {
    uint16_t begin, j, k, at;
    for (begin = 0; begin < size; begin = (uint16_t)(begin + odd), z += 2 * odd) {
        memcpy(group, z, (size_t)odd * 2 * sizeof *z);
        for (j = 0; j < odd; j++) {
            float re = 0.0f, im = 0.0f;
            for (k = 0, at = 0; k < odd; k++) {
                const number one = turned(group + 2 * k, turns + 2 * at);
                re += one.re, im += one.im;
                at = (uint16_t)(at >= odd - j ? at - (odd - j) : at + j); /* j k modulo odd */
            }
            put(z + 2 * j, re, im);
        }
    }
}

/* Two transforms of `part` values, one after the other, become one of twice as many. */
static const float *join_two(const float *turns, uint16_t part, uint16_t size, float *z) {
    uint16_t k, at;
    for (k = 0; k < part; k++, turns += 2) {
        for (at = k; at < size; at = (uint16_t)(at + 2 * part)) {
            float *const p = z + 2 * at, *const q = p + 2 * part;
            const number a = taken(p), b = turned(q, turns);
            put(p, a.re + b.re, a.im + b.im);
            put(q, a.re - b.re, a.im - b.im);
        }
    }
    return turns;
}

GATELET_INLINE void join(float *p, uint16_t part, number b, number c, number d) {
    const number a = taken(p);
    const number s = {a.re + c.re, a.im + c.im}, t = {a.re - c.re, a.im - c.im};
    const number u = {b.re + d.re, b.im + d.im}, v = {b.re - d.re, b.im - d.im};
    put(p, s.re + u.re, s.im + u.im);
    put(p + 2 * part, t.re + v.im, t.im - v.re);
    put(p + 4 * part, s.re - u.re, s.im - u.im);
    put(p + 6 * part, t.re - v.im, t.im + v.re);
}

/* Four become one. The first value of each turns by nothing. */
static const float *join_four(const float *turns, uint16_t part, uint16_t size, float *z) {
    uint16_t k, at;
    for (at = 0; at < size; at = (uint16_t)(at + 4 * part)) {
        float *const p = z + 2 * at;
        join(p, part, taken(p + 2 * part), taken(p + 4 * part), taken(p + 6 * part));
    }
    for (k = 1; k < part; k++, turns += 6) {
        for (at = k; at < size; at = (uint16_t)(at + 4 * part)) {
            float *const p = z + 2 * at;
            join(p, part, turned(p + 2 * part, turns), turned(p + 4 * part, turns + 2), turned(p + 6 * part, turns + 4));
        }
    }
    return turns;
}

/* Of the transform of pairs of samples to the powers |X_k|^2, which lie at z[2 k] for k from 0 to half.
 *     2 X_k = (Z_k + conj Z_{half-k}) - i w^k (Z_k - conj Z_{half-k}), twice as large as the window made it */
static void powers(const float *turns, uint16_t half, float *z) {
    const float sum = 2.0f * (z[0] + z[1]), difference = 2.0f * (z[0] - z[1]);
    uint16_t k;
    for (k = 1; k <= half / 2; k++, turns += 2) {
        float *const p = z + 2 * k, *const q = z + 2 * (half - k);
        const float even_re = p[0] + q[0], even_im = p[1] - q[1];
        const float odd[2] = {p[1] + q[1], q[0] - p[0]};
        const number t = turned(odd, turns);
        const number a = {even_re + t.re, even_im + t.im}, b = {even_re - t.re, even_im - t.im};
        p[0] = a.re * a.re + a.im * a.im;
        q[0] = b.re * b.re + b.im * b.im;
    }
    z[0] = sum * sum;
    z[2 * half] = difference * difference;
}

/* Samples through their part of the window, each pair to its place. */
static void arrange(const gatelet_f_log_mel *sound, uint16_t begin, uint16_t count, const float *x, float *z) {
    const float *window = sound->window + begin;
    uint16_t k;
    for (k = begin; count > 0; count--, k++) {
        const uint16_t place = (uint16_t)GATELET_READ16(sound->places + k / 2);
        z[2 * place + k % 2] = *x++ * GATELET_READF(window++);
    }
}

/* x = 2^n m with m within sqrt(1/2) and sqrt(2); the polynomial is that of Cephes' logf (S. Moshier). */
static float logarithm(float x) {
    uint32_t bits, above;
    float z, p, n;
    if (!(x <= 3.4e38f)) return x; /* infinite, or NaN */
    memcpy(&bits, &x, sizeof bits);
    above = bits + 0x004afb0d; /* the next exponent from sqrt(2) on */
    n = (float)((int32_t)(above >> 23) - 127);
    bits -= (above & 0xff800000) - 0x3f800000;
    memcpy(&x, &bits, sizeof x);
    x -= 1.0f;
    z = x * x;
    p = 7.0376836292e-2f;
    p = p * x - 1.1514610310e-1f;
    p = p * x + 1.1676998740e-1f;
    p = p * x - 1.2420140846e-1f;
    p = p * x + 1.4249322787e-1f;
    p = p * x - 1.6668057665e-1f;
    p = p * x + 2.0000714765e-1f;
    p = p * x - 2.4999993993e-1f;
    p = p * x + 3.3333331174e-1f;
    p = p * x * z - n * 2.12194440e-4f - 0.5f * z;
    return x + p + n * 0.693359375f;
}

void gatelet_f_log_mel_step(const gatelet_f_log_mel *sound, const float *x, float *samples, float *y, float *scratch) {
    const uint16_t half = sound->half, kept = (uint16_t)(sound->length - sound->hop);
    const float *turns = sound->turns, *filters = sound->filters;
    uint16_t part = sound->odd, k, count;

    if (sound->length < 2 * half) memset(scratch, 0, (size_t)half * 2 * sizeof *scratch);
    arrange(sound, 0, kept, samples, scratch);
    arrange(sound, kept, sound->hop, x, scratch);
    for (k = 0; k < kept; k++) { /* the last of both, for the next step */
        samples[k] = sound->hop < kept - k ? samples[k + sound->hop] : x[sound->hop + k - kept];
    }

    if (part > 1) {
        transform_odd(turns, part, half, scratch, scratch + 2 * half);
        turns += 2 * part;
    }
    for (k = (uint16_t)(half / part); k > 2; k = (uint16_t)(k / 4)) continue;
    if (k == 2) {
        turns = join_two(turns, part, half, scratch);
        part = (uint16_t)(2 * part);
    }
    for (; part < half; part = (uint16_t)(4 * part)) turns = join_four(turns, part, half, scratch);
    powers(turns, half, scratch);

    for (k = 0; k < sound->bands; k++) {
        const float *power = scratch + 2 * (uint16_t)GATELET_READ16(sound->spans + 2 * k);
        float sum = 0.0f;
        for (count = (uint16_t)GATELET_READ16(sound->spans + 2 * k + 1); count > 0; count--, power += 2) {
            sum = GATELET_FMA(GATELET_READF(filters), *power, sum);
            filters++;
        }
        y[k] = logarithm(sum < sound->floor ? sound->floor : sum);
    }
}
