#include "f_arithmetic.h"

void gatelet_f_gru_before_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    float *const old = gatelet_f_arrange(scratch, x, cell->inputs);
    float *const end = gatelet_f_arrange(old, h, cell->units);
    float *const r = end, *const z = end + (end - old);
    uint16_t j;
    for (j = 0; j < cell->units; j++, b += 3) {
        float gates[2];
        gates[0] = GATELET_READF(b), gates[1] = GATELET_READF(b + 1);
        w = gatelet_plus_two(w, scratch, end, gates);
        r[j] = gatelet_logistic(gates[0]), z[j] = gatelet_logistic(gates[1]);
    }
    for (j = 0; j < cell->units; j++) old[j] *= r[j];
    b = cell->biases;
    for (j = 0; j < cell->units; j++, b += 3) {
        float n = GATELET_READF(b + 2);
        w = gatelet_plus_one(w, scratch, end, &n);
        n = gatelet_tanh(n);
        h[j] = n + z[j] * (h[j] - n);
    }
}
