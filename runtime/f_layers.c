/* What stands around the cells. */
#include "f_arithmetic.h"

void gatelet_f_dense(const float *weights, const float *biases, uint16_t inputs, uint16_t outputs, const float *x,
                     float *y, float *scratch) {
    const float *const end = gatelet_f_arrange(scratch, x, inputs);
    for (uint16_t j = 0; j < outputs; j++) {
        float sum = GATELET_READF(biases + j);
        weights = gatelet_plus_one(weights, scratch, end, &sum);
        y[j] = sum;
    }
}

void gatelet_f_embed(const float *table, uint16_t rows, uint16_t size, uint16_t row, float *y) {
    if (row >= rows) row = 0;
    table += (uint32_t)row * size;
    for (uint16_t k = 0; k < size; k++) y[k] = GATELET_READF(table + k);
}

void gatelet_f_standardize(const float *means, const float *scales, uint16_t size, const float *x, float *y) {
    for (; size > 0; size--) *y++ = (*x++ - GATELET_READF(means++)) / GATELET_READF(scales++);
}

void gatelet_f_add_constants(const float *constants, uint16_t size, float *x) {
    for (; size > 0; size--) *x++ += GATELET_READF(constants++);
}

/* A first guess from the bits of v, and Newton's steps. */
float gatelet_inverse_root(float v) {
    uint32_t bits;
    float y;
    memcpy(&bits, &v, sizeof bits);
    bits = (uint32_t)0x5f3759df - (bits >> 1);
    memcpy(&y, &bits, sizeof y);
    for (int k = 0; k < 4; k++) y *= 1.5f - 0.5f * v * y * y;
    return y;
}

void gatelet_f_layer_norm(const float *gains, const float *biases, float epsilon, uint16_t size, float *x) {
    float mean = 0.0f, variance = 0.0f, scale;
    uint16_t k;
    for (k = 0; k < size; k++) mean += x[k];
    mean /= (float)size;
    for (k = 0; k < size; k++) variance += (x[k] - mean) * (x[k] - mean);
    scale = gatelet_inverse_root(variance / (float)size + epsilon);
    for (k = 0; k < size; k++) x[k] = (x[k] - mean) * scale * GATELET_READF(gains + k) + GATELET_READF(biases + k);
}

void gatelet_f_sigmoid(float *x, uint16_t size) {
    for (; size > 0; size--, x++) *x = gatelet_logistic(*x);
}

void gatelet_f_tanh(float *x, uint16_t size) {
    for (; size > 0; size--, x++) *x = gatelet_tanh(*x);
}

void gatelet_f_relu(float *x, uint16_t size) {
    for (; size > 0; size--, x++) {
        if (*x < 0.0f) *x = 0.0f;
    }
}

void gatelet_f_softmax(float *x, uint16_t size) {
    float largest = x[gatelet_f_argmax(x, size)], total = 0.0f;
    uint16_t k;
    for (k = 0; k < size; k++) total += x[k] = gatelet_exp(x[k] - largest);
    for (k = 0; k < size; k++) x[k] /= total;
}

uint16_t gatelet_f_argmax(const float *x, uint16_t size) {
    uint16_t best = 0;
    for (uint16_t k = 1; k < size; k++) {
        if (x[k] > x[best]) best = k;
    }
    return best;
}
