/* What a model says: log probabilities, and quantiles that never cross. */
#include "f_arithmetic.h"

void gatelet_f_softplus(float *x, uint16_t size) {
    for (; size > 0; size--, x++) *x = gatelet_softplus(*x);
}

void gatelet_f_log_softmax(float *x, uint16_t size) {
    const float largest = x[gatelet_f_argmax(x, size)];
    float total = 0.0f;
    uint16_t k;
    for (k = 0; k < size; k++) total += gatelet_exp(x[k] - largest);
    total = (float)gatelet_log(total) + largest;
    for (k = 0; k < size; k++) x[k] -= total;
}

void gatelet_f_quantiles(const float *a, uint16_t levels, uint16_t median, float shift, float *q) {
    uint16_t k;
    q[median] = a[median] + shift;
    for (k = (uint16_t)(median + 1); k < levels; k++) q[k] = q[k - 1] + gatelet_softplus(a[k] - 2.0f);
    for (k = median; k > 0; k--) q[k - 1] = q[k] - gatelet_softplus(a[k - 1] - 2.0f);
}

void gatelet_f_calibrate(const float *offsets, uint16_t levels, uint16_t median, float *q) {
    uint16_t k;
    for (k = 0; k < levels; k++) q[k] += GATELET_READF(offsets + k);
    for (k = (uint16_t)(median + 1); k < levels; k++) {
        if (q[k] < q[k - 1]) q[k] = q[k - 1];
    }
    for (k = median; k > 0; k--) {
        if (q[k - 1] > q[k]) q[k - 1] = q[k];
    }
}
