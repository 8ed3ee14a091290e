/* What a model says: log probabilities, quantiles that never cross, and those of Student-t distributions. */
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

void gatelet_f_student_t(const float *a, float shift, float *y) {
    y[0] = a[0] + shift;
    y[1] = gatelet_softplus(a[1] + 0.5413f) + 1e-4f;
    y[2] = gatelet_softplus(a[2] + 6.0f) + 2.1f;
}

/* Clenshaw's recurrence, from the last coefficient to the first. */
void gatelet_f_student_t_quantiles(const float *series, uint16_t terms, uint16_t levels, const float *x, float *q) {
    const float w = 4.2f / x[2] - 1.0f;
    for (; levels > 0; levels--, series += terms) {
        float b = 0.0f, former = 0.0f;
        for (uint16_t k = (uint16_t)(terms - 1); k > 0; k--) {
            const float next = 2.0f * w * b - former + GATELET_READF(series + k);
            former = b, b = next;
        }
        *q++ = x[0] + x[1] * (w * b - former + GATELET_READF(series));
    }
}
