#include "q_arithmetic.h"

void gatelet_q_dense_step(const gatelet_q_dense *layer, const int16_t *x, int16_t *y, gatelet_four *scratch) {
    const int8_t *w = layer->weights;
    const gatelet_four *const end = gatelet_arrange(scratch, x, layer->inputs);
    for (uint16_t j = 0; j < layer->outputs; j++) {
        const gatelet_four *four = scratch;
        int32_t sum = 128; /* half of 2^8, by which it is shifted */
        for (; four != end; four++, w += 4) sum = gatelet_add(sum, four, w);
        sum = gatelet_floor_shift(sum, 8) * GATELET_READ16(layer->multipliers + j) + GATELET_READ32(layer->biases + j);
        y[j] = gatelet_clamp16(gatelet_floor_shift(sum, layer->shift));
    }
}
