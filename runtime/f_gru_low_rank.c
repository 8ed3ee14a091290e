#include "f_arithmetic.h"

void gatelet_f_gru_low_rank_step(const gatelet_f_cell *cell, const float *right, uint16_t rank, const float *x, float *h,
                                 float *scratch) {
    float *const seen = gatelet_f_arrange(scratch, x, cell->inputs);
    gatelet_f_gru_units(cell, seen, gatelet_seen(right, rank, h, cell->units, seen), h, scratch);
}
