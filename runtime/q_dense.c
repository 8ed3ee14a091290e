#include "q_arithmetic.h"

void gatelet_q_dense_step(const gatelet_q_dense *layer, const int16_t *x, int16_t *y, gatelet_four *scratch) {
    const int8_t *w = layer->weights;
    const gatelet_four *const end = gatelet_arrange(scratch, x, layer->inputs);
    for (uint16_t j = 0; j < layer->outputs; j++) {
        const gatelet_four *four = scratch;
        gatelet_q_sum sum = gatelet_q_start();
        int32_t total;
        for (; four != end; four++, w += 4) sum = gatelet_add(sum, four, w);
        total = gatelet_q_end(sum) * GATELET_READ16(layer->multipliers + j) + GATELET_READ32(layer->biases + j);
        y[j] = gatelet_clamp16(gatelet_floor_shift(total, layer->shift));
    }
}
