#include "q_lstm.h"

/* The blocks of one unit: how many there are, then which groups of x they meet. */
GATELET_INLINE const uint16_t *add_blocks(const uint16_t *blocks, const int8_t **weights, const gatelet_four *x,
                                          int32_t *sums) {
    const int8_t *w = *weights;
    int32_t i = 128, f = 128, g = 128, o = 128; /* half of 2^8, by which they are shifted */
    const uint16_t *end = blocks + 1 + (uint16_t)GATELET_READ16(blocks);
    while (++blocks != end) {
        const gatelet_four four = x[(uint16_t)GATELET_READ16(blocks)];
        i = gatelet_add(i, &four, w);
        f = gatelet_add(f, &four, w + 4);
        g = gatelet_add(g, &four, w + 8);
        o = gatelet_add(o, &four, w + 12);
        w += 16;
    }
    sums[0] = gatelet_floor_shift(i, 8), sums[1] = gatelet_floor_shift(f, 8);
    sums[2] = gatelet_floor_shift(g, 8), sums[3] = gatelet_floor_shift(o, 8);
    *weights = w;
    return end;
}

void gatelet_q_lstm_sparse_step(const gatelet_q_cell *cell, const uint16_t *blocks, const int16_t *x, int16_t *h,
                                int16_t *c, gatelet_four *scratch) {
    const int8_t *w = cell->weights;
    const int16_t *m = cell->multipliers;
    const int32_t *b = cell->biases;
    gatelet_four *const old = gatelet_arrange(scratch, x, cell->inputs);
    gatelet_arrange(old, h, cell->units);
    for (uint16_t j = cell->units; j > 0; j--, m += 8, b += 4, h++, c++) {
        int32_t of_x[4], of_h[4];
        blocks = add_blocks(blocks, &w, scratch, of_x);
        blocks = add_blocks(blocks, &w, old, of_h);
        gatelet_q_lstm_unit(of_x, of_h, m, b, cell->shift, cell->exponent, h, c);
    }
}
