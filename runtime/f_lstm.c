#include "f_arithmetic.h"

void gatelet_f_lstm_units(const gatelet_f_cell *cell, const float *end, float *h, float *c, const float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    for (uint16_t j = cell->units; j > 0; j--, b += 4, h++, c++) {
        float a[4]; /* i, f, g, o */
        for (int k = 0; k < 4; k++) a[k] = GATELET_READF(b + k);
        w = gatelet_plus_four(w, scratch, end, a);
        *c = gatelet_logistic(a[1]) * *c + gatelet_logistic(a[0]) * gatelet_tanh(a[2]);
        *h = gatelet_logistic(a[3]) * gatelet_tanh(*c);
    }
}

void gatelet_f_lstm_step(const gatelet_f_cell *cell, const float *x, float *h, float *c, float *scratch) {
    float *const old = gatelet_f_arrange(scratch, x, cell->inputs);
    gatelet_f_lstm_units(cell, gatelet_f_arrange(old, h, cell->units), h, c, scratch);
}
