/* Between floats and integers. */
#include "q_arithmetic.h"

/* The float is m 2^e with whole m; what is asked for is floor(m steps / 2^s + 1/2), s = shift - e, and all of it fits 64
 * bits. So the bits are the same wherever floats are of 32 bits, with or without an FPU. */
int16_t gatelet_q_from_float(float x, uint64_t steps, int16_t shift) {
    uint32_t bits, m;
    int16_t e, s;
    int64_t y;
    memcpy(&bits, &x, sizeof bits);
    m = bits & (uint32_t)0x7fffff;
    e = (int16_t)((bits >> 23) & 255);
    if (e == 255 && m != 0) return 0; /* NaN */
    if (e > 0) m |= (uint32_t)1 << 23;
    s = (int16_t)(shift - (e > 0 ? e : 1) + 150);
    if (s > 62) return 0; /* far below half a step */
    if (m == 0) return 0;
    if (s < 44) return bits >> 31 ? INT16_MIN : INT16_MAX; /* m steps is at least 2^60 */
    y = (int64_t)(m * steps);
    y = (bits >> 31 ? -y : y) + ((int64_t)1 << (s - 1));
    y = y >= 0 ? y >> s : ~(~y >> s);
    return gatelet_clamp16((int32_t)(y > INT16_MAX ? INT16_MAX : y < INT16_MIN ? INT16_MIN : y));
}

void gatelet_q_from_floats(const float *x, uint16_t size, uint64_t steps, int16_t shift, int16_t *y) {
    for (; size > 0; size--) *y++ = gatelet_q_from_float(*x++, steps, shift);
}

void gatelet_q_to_floats(const int16_t *x, uint16_t size, float unit, float *y) {
    for (; size > 0; size--) *y++ = unit * (float)*x++;
}

int16_t gatelet_q_clamp(int32_t a) { return gatelet_clamp16(a); }

int16_t gatelet_q_constant(const int16_t *address) { return GATELET_READ16(address); }
