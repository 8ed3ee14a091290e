/* What needs no weights, or one row of them. */
#include "q_arithmetic.h"

void gatelet_q_embed(const int8_t *table, const int16_t *multipliers, uint16_t rows, uint16_t size, uint8_t shift,
                     uint16_t row, int16_t *y) {
    int16_t m;
    if (row >= rows) row = 0;
    table += (uint32_t)row * size;
    m = GATELET_READ16(multipliers + row);
    for (uint16_t k = 0; k < size; k++) {
        y[k] = gatelet_clamp16(gatelet_shift((int32_t)GATELET_READ8(table + k) * m, shift));
    }
}

void gatelet_q_affine(const int16_t *centers, const int16_t *multipliers, uint16_t size, uint8_t shift,
                      const int16_t *x, int16_t *y) {
    for (uint16_t k = 0; k < size; k++) {
        int32_t difference = (int32_t)x[k] - GATELET_READ16(centers + k);
        y[k] = gatelet_clamp16(gatelet_shift(difference * GATELET_READ16(multipliers + k), shift));
    }
}

void gatelet_q_sigmoid(int16_t *x, uint16_t size) {
    for (; size > 0; size--, x++) *x = gatelet_clamp16(gatelet_sigmoid(*x));
}

void gatelet_q_tanh(int16_t *x, uint16_t size) {
    for (; size > 0; size--, x++) *x = (int16_t)gatelet_tanh_of_half(2 * (int32_t)*x);
}

void gatelet_q_relu(int16_t *x, uint16_t size) {
    for (; size > 0; size--, x++) {
        if (*x < 0) *x = 0;
    }
}

uint16_t gatelet_q_argmax(const int16_t *x, uint16_t size) {
    uint16_t best = 0;
    for (uint16_t k = 1; k < size; k++) {
        if (x[k] > x[best]) best = k;
    }
    return best;
}

void gatelet_q_widen(const int8_t *x, int16_t *y, uint16_t size) {
    for (uint16_t k = 0; k < size; k++) y[k] = x[k];
}
