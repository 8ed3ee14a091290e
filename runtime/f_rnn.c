#include "f_arithmetic.h"

void gatelet_f_rnn_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    const float *const end = gatelet_f_arrange(gatelet_f_arrange(scratch, x, cell->inputs), h, cell->units);
    for (uint16_t j = cell->units; j > 0; j--, b++, h++) {
        float a = GATELET_READF(b);
        w = gatelet_plus_one(w, scratch, end, &a);
        *h = gatelet_tanh(a);
    }
}
