#include "f_arithmetic.h"

void gatelet_f_mgu_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    float *const old = gatelet_f_arrange(scratch, x, cell->inputs);
    float *const end = gatelet_f_arrange(old, h, cell->units);
    float *const f = end;
    uint16_t j;
    for (j = 0; j < cell->units; j++, b += 2) {
        float gate = GATELET_READF(b);
        w = gatelet_plus_one(w, scratch, end, &gate);
        f[j] = gatelet_logistic(gate);
    }
    for (j = 0; j < cell->units; j++) old[j] *= f[j];
    b = cell->biases;
    for (j = 0; j < cell->units; j++, b += 2) {
        float n = GATELET_READF(b + 1);
        w = gatelet_plus_one(w, scratch, end, &n);
        h[j] += f[j] * (gatelet_tanh(n) - h[j]);
    }
}
