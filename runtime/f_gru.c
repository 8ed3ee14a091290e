#include "f_arithmetic.h"

void gatelet_f_gru_units(const gatelet_f_cell *cell, const float *old, const float *end, float *h, const float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    for (uint16_t j = cell->units; j > 0; j--, b += 4, h++) {
        float of_x[3], of_h[3] = {0.0f, 0.0f, 0.0f}, r, z, n;
        of_x[0] = GATELET_READF(b), of_x[1] = GATELET_READF(b + 1), of_x[2] = GATELET_READF(b + 2);
        of_h[2] = GATELET_READF(b + 3);
        w = gatelet_plus_three(w, scratch, old, of_x);
        w = gatelet_plus_three(w, old, end, of_h);
        r = gatelet_logistic(of_x[0] + of_h[0]);
        z = gatelet_logistic(of_x[1] + of_h[1]);
        n = gatelet_tanh(of_x[2] + r * of_h[2]);
        *h = n + z * (*h - n);
    }
}

void gatelet_f_gru_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch) {
    float *const old = gatelet_f_arrange(scratch, x, cell->inputs);
    gatelet_f_gru_units(cell, old, gatelet_f_arrange(old, h, cell->units), h, scratch);
}
