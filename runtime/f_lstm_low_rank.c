#include "f_arithmetic.h"

void gatelet_f_lstm_low_rank_step(const gatelet_f_cell *cell, const float *right, uint16_t rank, const float *x, float *h,
                                  float *c, float *scratch) {
    float *const seen = gatelet_f_arrange(scratch, x, cell->inputs);
    gatelet_f_lstm_units(cell, gatelet_seen(right, rank, h, cell->units, seen), h, c, scratch);
}
