#include "q_arithmetic.h"

/* Four columns of each gate times each group of x, so that every load of x serves four gates. */
GATELET_INLINE const int8_t *add_four(const int8_t *w, const gatelet_four *x, const gatelet_four *end, int32_t *sums) {
    int32_t i = 128, f = 128, g = 128, o = 128; /* half of 2^8, by which they are shifted */
    do {
        gatelet_four four = *x++;
        i = gatelet_add(i, &four, w);
        f = gatelet_add(f, &four, w + 4);
        g = gatelet_add(g, &four, w + 8);
        o = gatelet_add(o, &four, w + 12);
        w += 16;
    } while (x != end);
    sums[0] = gatelet_floor_shift(i, 8), sums[1] = gatelet_floor_shift(f, 8);
    sums[2] = gatelet_floor_shift(g, 8), sums[3] = gatelet_floor_shift(o, 8);
    return w;
}

void gatelet_q_lstm_step(const gatelet_q_cell *cell, const int16_t *x, int16_t *h, int16_t *c, gatelet_four *scratch) {
    const int8_t *w = cell->weights;
    const int16_t *m = cell->multipliers;
    const int32_t *b = cell->biases;
    const int shift = cell->shift, exponent = cell->exponent;
    gatelet_four *const old = gatelet_arrange(scratch, x, cell->inputs);
    const gatelet_four *const end = gatelet_arrange(old, h, cell->units);
    for (uint16_t j = cell->units; j > 0; j--, m += 8, b += 4, h++, c++) {
        int32_t of_x[4], of_h[4], i, f, g, o;
        w = add_four(w, scratch, old, of_x);
        w = add_four(w, old, end, of_h);
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
}
