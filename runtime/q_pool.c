/* One vector of many, in integers. */
#include "q_arithmetic.h"

/* clamp16(256 sum / d), to the nearest, halves away from zero, in two steps that 32 bits hold; d at least 256. */
static int16_t quotient(int32_t sum, uint32_t d) {
    const uint32_t size = gatelet_magnitude(sum), whole = size / d, rest = size % d;
    const int32_t y = (int32_t)(256 * whole + (256 * rest + d / 2) / d);
    return gatelet_clamp16(sum < 0 ? -y : y);
}

/* floor(sqrt(v)), bit by bit. */
static uint32_t root(uint32_t v) {
    uint32_t found = 0, bit = (uint32_t)1 << 30;
    for (; bit > 0; bit >>= 2) {
        const uint32_t tried = found + bit;
        found >>= 1;
        if (v >= tried) v -= tried, found += bit;
    }
    return found;
}

void gatelet_q_accumulate(int32_t *sums, int32_t *count, uint16_t size, const int16_t *x) {
    uint16_t k;
    if (*count == (int32_t)1 << 15) {
        for (k = 0; k < size; k++) sums[k] = gatelet_shift(sums[k], 1);
        *count /= 2;
    }
    for (k = 0; k < size; k++) sums[k] += x[k];
    ++*count;
}

void gatelet_q_mean(const int32_t *sums, int32_t count, uint16_t size, int16_t *y) {
    for (; size > 0; size--) *y++ = quotient(*sums++, (uint32_t)count * 256);
}

void gatelet_q_root_mean(const int32_t *sums, int32_t count, uint16_t size, int16_t *y) {
    const uint32_t d = root((uint32_t)count * 65536);
    for (; size > 0; size--) *y++ = quotient(*sums++, d);
}

void gatelet_q_embed_mean(const int8_t *table, const int16_t *multipliers, uint16_t rows, uint16_t size, uint8_t shift,
                          const int32_t *at, uint16_t count, int16_t *y) {
    for (uint16_t k = 0; k < size; k++) {
        int32_t sum = 0;
        uint32_t real = 0;
        for (uint16_t j = 0; j < count; j++) {
            const uint16_t row = (uint16_t)at[j];
            const int8_t *value = table + k;
            if (at[j] < 0 || at[j] >= rows) continue;
            value += (uint32_t)row * size;
            sum += gatelet_clamp16(gatelet_shift((int32_t)GATELET_READ8(value) * GATELET_READ16(multipliers + row), shift));
            real++;
        }
        y[k] = quotient(sum, 256 * (real > 0 ? real : 1));
    }
}
