#include "q_arithmetic.h"

/* Weights of one unit times each group of x. */
GATELET_TWICE const int8_t *add_one(const int8_t *w, const gatelet_four *x, const gatelet_four *end, int32_t *sum) {
    gatelet_q_sum a = gatelet_q_start();
    do {
        a = gatelet_add(a, x++, w);
        w += 4;
    } while (x != end);
    *sum = gatelet_q_end(a);
    return w;
}

void gatelet_q_fastgrnn_step(const gatelet_q_cell *cell, const int16_t *x, int16_t *h, gatelet_four *scratch) {
    const int8_t *w = cell->weights;
    const int16_t *m = cell->multipliers;
    const int32_t *b = cell->biases;
    const int shift = cell->shift, exponent = cell->exponent;
    const int32_t zeta = cell->zeta, nu = cell->nu;
    gatelet_four *const old = gatelet_arrange(scratch, x, cell->inputs);
    const gatelet_four *const end = gatelet_arrange(old, h, cell->units);
    for (uint16_t j = cell->units; j > 0; j--, m += 2, b += 2, h++) {
        int32_t of_x, of_h, a, z, n, share;
        w = add_one(w, scratch, old, &of_x);
        w = add_one(w, old, end, &of_h);
        a = of_x * GATELET_READ16(m) + of_h * GATELET_READ16(m + 1);
        z = gatelet_sigmoid(gatelet_floor_shift(a + GATELET_READ32(b), shift));
        n = gatelet_tanh_of_half(2 * gatelet_floor_shift(a + GATELET_READ32(b + 1), shift));
        share = gatelet_shift(zeta * (32768 - z) + nu * 32768, 16); /* of the candidate, in Q14 */
        *h = gatelet_clamp16(gatelet_shift(z * *h + gatelet_floor_shift(share * n, exponent - 1), 15));
    }
}
