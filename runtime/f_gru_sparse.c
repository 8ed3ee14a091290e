#include "f_arithmetic.h"

/* The blocks of one unit: how many there are, then which groups of x they meet. */
GATELET_INLINE const uint16_t *add_blocks(const uint16_t *blocks, const float **weights, const float *x, float *sums) {
    const float *w = *weights;
    gatelet_sum r = gatelet_nothing(), z = r, n = r;
    const uint16_t *end = blocks + 1 + (uint16_t)GATELET_READ16(blocks);
    while (++blocks != end) {
        const float *four = x + 4 * (uint16_t)GATELET_READ16(blocks);
        r = gatelet_plus(r, four, w), z = gatelet_plus(z, four, w + 4), n = gatelet_plus(n, four, w + 8);
        w += 12;
    }
    sums[0] += gatelet_total(r), sums[1] += gatelet_total(z), sums[2] += gatelet_total(n);
    *weights = w;
    return end;
}

void gatelet_f_gru_sparse_step(const gatelet_f_cell *cell, const uint16_t *blocks, const float *x, float *h,
                               float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    float *const old = gatelet_f_arrange(scratch, x, cell->inputs);
    gatelet_f_arrange(old, h, cell->units);
    for (uint16_t j = cell->units; j > 0; j--, b += 4, h++) {
        float of_x[3], of_h[3] = {0.0f, 0.0f, 0.0f}, r, z, n;
        of_x[0] = GATELET_READF(b), of_x[1] = GATELET_READF(b + 1), of_x[2] = GATELET_READF(b + 2);
        of_h[2] = GATELET_READF(b + 3);
        blocks = add_blocks(blocks, &w, scratch, of_x);
        blocks = add_blocks(blocks, &w, old, of_h);
        r = gatelet_logistic(of_x[0] + of_h[0]);
        z = gatelet_logistic(of_x[1] + of_h[1]);
        n = gatelet_tanh(of_x[2] + r * of_h[2]);
        *h = n + z * (*h - n);
    }
}
