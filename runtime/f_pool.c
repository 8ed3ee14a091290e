/* One vector of many. */
#include "f_arithmetic.h"

void gatelet_f_embed_mean(const float *table, uint16_t rows, uint16_t size, const int32_t *at, uint16_t count, float *y) {
    uint16_t k, real = 0;
    for (k = 0; k < size; k++) y[k] = 0.0f;
    for (; count > 0; count--, at++) {
        const float *row = table;
        if (*at < 0 || *at >= rows) continue;
        row += (uint32_t)*at * size;
        for (k = 0; k < size; k++) y[k] += GATELET_READF(row + k);
        real++;
    }
    for (k = 0; k < size && real > 1; k++) y[k] /= (float)real;
}

void gatelet_f_attend(const gatelet_f_attention *a, const float *y, float *sum, float *weight, float *peak,
                      float *scratch) {
    const float *const end = gatelet_f_arrange(scratch, y, a->inputs), *w = a->weights;
    float score = 0.0f, share, shrink;
    uint16_t k;
    for (k = 0; k < a->units; k++) {
        float inner = GATELET_READF(a->biases + k);
        w = gatelet_plus_one(w, scratch, end, &inner);
        score += GATELET_READF(a->scores + k) * gatelet_tanh(inner);
    }
    shrink = *weight > 0.0f && score > *peak ? gatelet_exp(*peak - score) : 1.0f;
    if (!(*weight > 0.0f) || score > *peak) *peak = score;
    share = gatelet_exp(score - *peak);
    for (k = 0; k < a->inputs; k++) sum[k] = sum[k] * shrink + share * y[k];
    *weight = *weight * shrink + share;
}

static uint32_t modulo(int32_t a, int32_t buckets) {
    const int32_t rest = a % buckets;
    return (uint32_t)(rest < 0 ? rest + buckets : rest);
}

int32_t gatelet_pair(int32_t former, int32_t now, int32_t spread, int32_t buckets) {
    const uint64_t product = (uint64_t)modulo(former, buckets) * (uint32_t)spread;
    return (int32_t)((product + modulo(now, buckets)) % (uint32_t)buckets);
}
