/* Cells whose gates do not see h: minGRU and minLSTM. */
#include "f_arithmetic.h"

static float positive(float a) { return a >= 0.0f ? a + 0.5f : gatelet_logistic(a); }

void gatelet_f_min_gru_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    const float *const end = gatelet_f_arrange(scratch, x, cell->inputs);
    for (uint16_t j = cell->units; j > 0; j--, b += 2, h++) {
        float a[2];
        a[0] = GATELET_READF(b), a[1] = GATELET_READF(b + 1);
        w = gatelet_plus_two(w, scratch, end, a);
        *h += gatelet_logistic(a[0]) * (positive(a[1]) - *h);
    }
}

void gatelet_f_min_lstm_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    const float *const end = gatelet_f_arrange(scratch, x, cell->inputs);
    for (uint16_t j = cell->units; j > 0; j--, b += 3, h++) {
        float a[3], f, i;
        for (int k = 0; k < 3; k++) a[k] = GATELET_READF(b + k);
        w = gatelet_plus_three(w, scratch, end, a);
        f = gatelet_logistic(a[0]), i = gatelet_logistic(a[1]);
        *h = (f * *h + i * positive(a[2])) / (f + i);
    }
}
