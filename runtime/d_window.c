/* What a window says of itself, in double precision: it may lie far from zero. What is missing is NaN. */
#include "f_arithmetic.h"

static int missing(double x) { return x != x; }

double gatelet_d_mean(const double *x, uint16_t size) {
    double sum = 0.0, count = 0.0;
    for (; size > 0; size--, x++) {
        if (!missing(*x)) sum += *x, count += 1.0;
    }
    return count > 0.0 ? sum / count : 0.0;
}

double gatelet_d_last(const double *x, uint16_t size) {
    for (; size > 0; size--) {
        if (!missing(x[size - 1])) return x[size - 1];
    }
    return 0.0;
}

double gatelet_d_spread(const double *x, uint16_t size, double usual) {
    const double mean = gatelet_d_mean(x, size);
    double squares = 0.0, largest = 0.0, count = 0.0, least;
    for (; size > 0; size--, x++) {
        if (missing(*x)) continue;
        squares += (*x - mean) * (*x - mean), count += 1.0;
        if (*x > largest) largest = *x;
        if (-*x > largest) largest = -*x;
    }
    least = 1e-3 * largest;
    if (least < 1e-6 * usual) least = 1e-6 * usual;
    if (least > 1e-2 * usual) least = 1e-2 * usual;
    squares = count > 0.0 ? gatelet_root(squares / count) : 0.0;
    return squares > least ? squares : least;
}

static float within_ten(double x) { return (float)(x < -10.0 ? -10.0 : x > 10.0 ? 10.0 : x); }

void gatelet_d_level(double center, double scale, double mean, double usual, float *y) {
    y[0] = within_ten((center - mean) / usual);
    y[1] = within_ten(gatelet_log(scale / usual));
}

void gatelet_d_standardize(const float *means, const float *scales, uint16_t size, const double *x, float *y) {
    for (; size > 0; size--) *y++ = (float)((*x++ - GATELET_READF(means++)) / GATELET_READF(scales++));
}
