/* Cells with normalised products: of each gate, W x and W h have mean 0 and variance 1 before their gains and biases. */
#include "f_arithmetic.h"

/* LN(W x) * gain + bias of so many gates: (gates, units). */
static void products(const float *w, const float *x, const float *end, const float *gains, const float *biases,
                     uint16_t units, uint16_t gates, float *y) {
    for (; gates > 0; gates--, y += units, gains += units, biases += units) {
        for (uint16_t j = 0; j < units; j++) {
            y[j] = 0.0f;
            w = gatelet_plus_one(w, x, end, y + j);
        }
        gatelet_f_layer_norm(gains, biases, 1e-5f, units, y);
    }
}

/* Both products: of x, then of h. */
static void both(const gatelet_f_norm_cell *cell, const float *x, const float *h, uint16_t gates, float *y,
                 float *scratch) {
    const uint32_t size = (uint32_t)gates * cell->units;
    float *const old = gatelet_f_arrange(scratch, x, cell->inputs);
    const float *const end = gatelet_f_arrange(old, h, cell->units);
    products(cell->weights_ih, scratch, old, cell->gains, cell->biases, cell->units, gates, y);
    products(cell->weights_hh, old, end, cell->gains + size, cell->biases + size, cell->units, gates, y + size);
}

void gatelet_f_norm_gru_step(const gatelet_f_norm_cell *cell, const float *x, float *h, float *scratch) {
    const uint16_t size = cell->units;
    float *const of_x = scratch + GATELET_F_SCRATCH(cell->inputs, size), *const of_h = of_x + 3 * (uint32_t)size;
    both(cell, x, h, 3, of_x, scratch);
    for (uint16_t j = 0; j < size; j++) {
        const float r = gatelet_logistic(of_x[j] + of_h[j]);
        const float z = gatelet_logistic(of_x[size + j] + of_h[size + j]);
        const float n = gatelet_tanh(of_x[2 * (uint32_t)size + j] + r * of_h[2 * (uint32_t)size + j]);
        h[j] = n + z * (h[j] - n);
    }
}

void gatelet_f_norm_gru_before_step(const gatelet_f_norm_cell *cell, const float *x, float *h, float *scratch) {
    const uint32_t size = cell->units;
    float *const old = gatelet_f_arrange(scratch, x, cell->inputs);
    float *const end = gatelet_f_arrange(old, h, cell->units);
    float *const of_x = end, *const of_h = of_x + 3 * size;
    const float *const weights = cell->weights_hh, *const gains = cell->gains + 3 * size, *const biases = cell->biases + 3 * size;
    uint32_t j;
    products(cell->weights_ih, scratch, old, cell->gains, cell->biases, cell->units, 3, of_x);
    products(weights, old, end, gains, biases, cell->units, 2, of_h);
    for (j = 0; j < size; j++) old[j] *= gatelet_logistic(of_x[j] + of_h[j]);
    products(weights + 2 * size * (uint32_t)(end - old), old, end, gains + 2 * size, biases + 2 * size, cell->units, 1,
             of_h + 2 * size);
    for (j = 0; j < size; j++) {
        const float z = gatelet_logistic(of_x[size + j] + of_h[size + j]);
        const float n = gatelet_tanh(of_x[2 * size + j] + of_h[2 * size + j]);
        h[j] = n + z * (h[j] - n);
    }
}

void gatelet_f_norm_lstm_step(const gatelet_f_norm_cell *cell, const float *x, float *h, float *c, float *scratch) {
    const uint32_t size = cell->units;
    float *const of_x = scratch + GATELET_F_SCRATCH(cell->inputs, cell->units), *const of_h = of_x + 4 * size;
    both(cell, x, h, 4, of_x, scratch);
    for (uint32_t j = 0; j < size; j++) {
        const float i = gatelet_logistic(of_x[j] + of_h[j]);
        const float f = gatelet_logistic(of_x[size + j] + of_h[size + j]);
        const float g = gatelet_tanh(of_x[2 * size + j] + of_h[2 * size + j]);
        c[j] = f * c[j] + i * g;
        h[j] = gatelet_logistic(of_x[3 * size + j] + of_h[3 * size + j]) * gatelet_tanh(c[j]);
    }
}
