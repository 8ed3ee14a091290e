#include "f_arithmetic.h"

void gatelet_f_fastgrnn_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    const float *const end = gatelet_f_arrange(gatelet_f_arrange(scratch, x, cell->inputs), h, cell->units);
    for (uint16_t j = cell->units; j > 0; j--, b += 2, h++) {
        float a = 0.0f, z, n;
        w = gatelet_plus_one(w, scratch, end, &a);
        z = gatelet_logistic(a + GATELET_READF(b));
        n = gatelet_tanh(a + GATELET_READF(b + 1));
        *h = (cell->zeta * (1.0f - z) + cell->nu) * n + z * *h;
    }
}
