#include "f_arithmetic.h"

float *gatelet_f_arrange(float *scratch, const float *x, uint16_t size) {
    for (uint16_t k = 0; k < size; k++) *scratch++ = *x++;
    for (; size % 4 != 0; size++) *scratch++ = 0.0f;
    return scratch;
}

/* x = n log 2 + r with |r| <= log(2) / 2; the polynomial is that of Cephes' expf (S. Moshier). */
float gatelet_exp(float x) {
    float r, p;
    uint32_t bits;
    int32_t n;
    if (x > 88.0f) x = 88.0f;
    if (!(x >= -87.0f)) {
        if (x != x) return x; /* NaN is no number to round */
        x = -87.0f;
    }
    n = (int32_t)(x * 1.44269504f + (x < 0.0f ? -0.5f : 0.5f));
    r = x - (float)n * 0.693359375f + (float)n * 2.12194440e-4f;
    p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    r = p * r * r + r + 1.0f;
    bits = (uint32_t)(n + 127) << 23; /* 2^n */
    memcpy(&p, &bits, sizeof p);
    return r * p;
}

/* By exp, and near zero, where that loses digits, by Cephes' polynomial. */
float gatelet_tanh(float x) {
    float a = x < 0.0f ? -x : x, z = x * x, p;
    if (a >= 0.625f) {
        a = 1.0f - 2.0f / (gatelet_exp(2.0f * a) + 1.0f);
        return x < 0.0f ? -a : a;
    }
    p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    return p * z * x + x;
}
