#include "f_arithmetic.h"

void gatelet_f_lstm_sparse_step(const gatelet_f_cell *cell, const uint16_t *blocks, const float *x, float *h, float *c,
                                float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    float *const old = gatelet_f_arrange(scratch, x, cell->inputs);
    gatelet_f_arrange(old, h, cell->units);
    for (uint16_t j = cell->units; j > 0; j--, b += 4, h++, c++) {
        gatelet_sum i = gatelet_nothing(), f = i, g = i, o = i;
        for (const float *values = scratch;; values = old) { /* the blocks of x, then those of h */
            uint16_t count = (uint16_t)GATELET_READ16(blocks++);
            for (; count > 0; count--, w += 16) {
                const float *four = values + 4 * (uint16_t)GATELET_READ16(blocks++);
                i = gatelet_plus(i, four, w), f = gatelet_plus(f, four, w + 4);
                g = gatelet_plus(g, four, w + 8), o = gatelet_plus(o, four, w + 12);
            }
            if (values == old) break;
        }
        *c = gatelet_logistic(GATELET_READF(b + 1) + gatelet_total(f)) * *c +
             gatelet_logistic(GATELET_READF(b) + gatelet_total(i)) * gatelet_tanh(GATELET_READF(b + 2) + gatelet_total(g));
        *h = gatelet_logistic(GATELET_READF(b + 3) + gatelet_total(o)) * gatelet_tanh(*c);
    }
}
