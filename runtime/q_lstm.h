/* From the sums of one unit to its new state. Not a public header. */
#ifndef GATELET_Q_LSTM_H
#define GATELET_Q_LSTM_H

#include "q_arithmetic.h"

GATELET_INLINE void gatelet_q_lstm_unit(const int32_t *of_x, const int32_t *of_h, const int16_t *m, const int32_t *b,
                                        int shift, int exponent, int16_t *h, int16_t *c) {
    int32_t i, f, g, o;
    i = of_x[0] * GATELET_READ16(m) + of_h[0] * GATELET_READ16(m + 4) + GATELET_READ32(b);
    f = of_x[1] * GATELET_READ16(m + 1) + of_h[1] * GATELET_READ16(m + 5) + GATELET_READ32(b + 1);
    g = of_x[2] * GATELET_READ16(m + 2) + of_h[2] * GATELET_READ16(m + 6) + GATELET_READ32(b + 2);
    o = of_x[3] * GATELET_READ16(m + 3) + of_h[3] * GATELET_READ16(m + 7) + GATELET_READ32(b + 3);
    i = gatelet_sigmoid(gatelet_floor_shift(i, shift));
    f = gatelet_sigmoid(gatelet_floor_shift(f, shift));
    g = gatelet_tanh_of_half(2 * gatelet_floor_shift(g, shift));
    o = gatelet_sigmoid(gatelet_floor_shift(o, shift));
    *c = gatelet_clamp16(gatelet_shift(f * *c + gatelet_floor_shift(i * g, exponent), 15));
    /* c in Q12, doubled */
    g = gatelet_tanh_of_half(gatelet_shift(*c * ((int32_t)1 << exponent), 2));
    *h = (int16_t)gatelet_shift(o * g, 15);
}

#endif
