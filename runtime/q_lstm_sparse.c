#include "q_lstm.h"

/* The blocks of one unit: how many there are, then which groups of x they meet. */
GATELET_TWICE const uint16_t *add_blocks(const uint16_t *blocks, const int8_t **weights, const gatelet_four *x,
                                          int32_t *sums) {
    const int8_t *w = *weights;
    uint_fast16_t count = (uint16_t)GATELET_READ16(blocks++);
    gatelet_q_sum i = gatelet_q_start(), f = i, g = i, o = i;
    for (; count > 0; count--) {
        const gatelet_four *at = x + (uint16_t)GATELET_READ16(blocks++);
        GATELET_KEEP(at);
        i = gatelet_add(i, at, w);
        f = gatelet_add(f, at, w + 4);
        g = gatelet_add(g, at, w + 8);
        o = gatelet_add(o, at, w + 12);
        w += 16;
        GATELET_KEEP(blocks);
        GATELET_KEEP(w);
    }
    sums[0] = gatelet_q_end(i), sums[1] = gatelet_q_end(f);
    sums[2] = gatelet_q_end(g), sums[3] = gatelet_q_end(o);
    *weights = w;
    return blocks;
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
