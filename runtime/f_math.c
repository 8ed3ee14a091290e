/* Functions of single numbers, without libm. Where a machine's double has 64 bits they are good to 2^-50. */
#include "f_arithmetic.h"

float gatelet_missing(void) {
    const uint32_t bits = (uint32_t)0x7fc00000;
    float nothing;
    memcpy(&nothing, &bits, sizeof nothing);
    return nothing;
}

float gatelet_infinity(void) {
    const uint32_t bits = (uint32_t)0x7f800000;
    float infinity;
    memcpy(&infinity, &bits, sizeof infinity);
    return infinity;
}

/* Brought within 1 and 4 by powers of four; then Newton's steps, of which each doubles the digits. */
double gatelet_root(double v) {
    double factor = 1.0, y;
    if (!(v > 0.0)) return 0.0;
    for (; v >= 4294967296.0; v /= 4294967296.0) factor *= 65536.0;
    for (; v >= 4.0; v /= 4.0) factor *= 2.0;
    for (; v < 1.0 / 4294967296.0; v *= 4294967296.0) factor /= 65536.0;
    for (; v < 1.0; v *= 4.0) factor /= 2.0;
    y = 0.5 + 0.4 * v;
    for (int k = 0; k < 5; k++) y = 0.5 * (y + v / y);
    return factor * y;
}

/* log v = n log 2 + 2 artanh((m - 1) / (m + 1)) with m within sqrt(1/2) and sqrt(2). */
double gatelet_log(double v) {
    double n = 0.0, s, z, sum = 0.0;
    if (!(v > 0.0)) return -(double)gatelet_infinity();
    for (; v >= 4294967296.0; v /= 4294967296.0) n += 32.0;
    for (; v > 1.4142135623730951; v /= 2.0) n += 1.0;
    for (; v < 1.0 / 4294967296.0; v *= 4294967296.0) n -= 32.0;
    for (; v < 0.7071067811865476; v *= 2.0) n -= 1.0;
    s = (v - 1.0) / (v + 1.0);
    z = s * s;
    for (int k = 21; k > 0; k -= 2) sum = sum * z + 1.0 / k;
    return n * 0.6931471805599453 + 2.0 * s * sum;
}

/* log(1 + exp(x)) = max(x, 0) + 2 artanh(e / (2 + e)) with e = exp(-|x|). */
float gatelet_softplus(float x) {
    const float e = gatelet_exp(x > 0.0f ? -x : x), s = e / (2.0f + e), z = s * s;
    float sum = 0.0f;
    for (int k = 15; k > 0; k -= 2) sum = sum * z + 1.0f / (float)k;
    return (x > 0.0f ? x : 0.0f) + 2.0f * s * sum;
}
