#include "q_gru.h"

/* The blocks of one unit: how many there are, then which groups of x they meet. */
GATELET_INLINE const uint16_t *add_blocks(const uint16_t *blocks, const int8_t **weights, const gatelet_four *x,
                                          int32_t *sums) {
    const int8_t *w = *weights;
    int32_t r = 128, z = 128, n = 128; /* half of 2^8, by which they are shifted */
    const uint16_t *end = blocks + 1 + (uint16_t)GATELET_READ16(blocks);
    while (++blocks != end) {
        const gatelet_four four = x[(uint16_t)GATELET_READ16(blocks)];
        r = gatelet_add(r, &four, w);
        z = gatelet_add(z, &four, w + 4);
        n = gatelet_add(n, &four, w + 8);
        w += 12;
    }
    sums[0] = gatelet_floor_shift(r, 8), sums[1] = gatelet_floor_shift(z, 8), sums[2] = gatelet_floor_shift(n, 8);
    *weights = w;
    return end;
}

void gatelet_q_gru_sparse_step(const gatelet_q_cell *cell, const uint16_t *blocks, const int16_t *x, int16_t *h,
                               gatelet_four *scratch) {
    const int8_t *w = cell->weights;
    const int16_t *m = cell->multipliers;
    const int32_t *b = cell->biases;
    gatelet_four *const old = gatelet_arrange(scratch, x, cell->inputs);
    gatelet_arrange(old, h, cell->units);
    for (uint16_t j = cell->units; j > 0; j--, m += 6, b += 4, h++) {
        int32_t of_x[3], of_h[3];
        blocks = add_blocks(blocks, &w, scratch, of_x);
        blocks = add_blocks(blocks, &w, old, of_h);
        gatelet_q_gru_unit(of_x, of_h, m, b, cell->shift, h);
    }
}
