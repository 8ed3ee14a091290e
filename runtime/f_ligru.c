#include "f_arithmetic.h"

void gatelet_f_ligru_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch) {
    const float *w = cell->weights, *b = cell->biases;
    const float *const end = gatelet_f_arrange(gatelet_f_arrange(scratch, x, cell->inputs), h, cell->units);
    for (uint16_t j = cell->units; j > 0; j--, b += 2, h++) {
        float a[2], z, n;
        a[0] = GATELET_READF(b), a[1] = GATELET_READF(b + 1);
        w = gatelet_plus_two(w, scratch, end, a);
        z = gatelet_logistic(a[0]);
        n = a[1] > 0.0f ? a[1] : 0.0f;
        *h = n + z * (*h - n);
    }
}
