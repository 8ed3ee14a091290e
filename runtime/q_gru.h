/* From the sums of one unit to its new state. Not a public header. */
#ifndef GATELET_Q_GRU_H
#define GATELET_Q_GRU_H

#include "q_arithmetic.h"

GATELET_INLINE void gatelet_q_gru_unit(const int32_t *of_x, const int32_t *of_h, const int16_t *m, const int32_t *b,
                                       int shift, int16_t *h) {
    int32_t r, z, n, u;
    r = of_x[0] * GATELET_READ16(m) + of_h[0] * GATELET_READ16(m + 3) + GATELET_READ32(b);
    z = of_x[1] * GATELET_READ16(m + 1) + of_h[1] * GATELET_READ16(m + 4) + GATELET_READ32(b + 1);
    n = of_x[2] * GATELET_READ16(m + 2) + GATELET_READ32(b + 2);
    u = of_h[2] * GATELET_READ16(m + 5) + GATELET_READ32(b + 3);
    r = gatelet_sigmoid(gatelet_floor_shift(r, shift));
    z = gatelet_sigmoid(gatelet_floor_shift(z, shift));
    u = gatelet_clamp17(gatelet_floor_shift(u, shift));
    /* r u / 2^15, doubled, since the table is of tanh(u / 2) */
    n = gatelet_tanh_of_half(2 * gatelet_floor_shift(n, shift) + gatelet_shift((r >> 1) * u, 13));
    *h = (int16_t)(n + gatelet_shift(z * (*h - n), 15));
}

#endif
