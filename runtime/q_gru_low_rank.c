#include "q_gru_units.h"

void gatelet_q_gru_low_rank_step(const gatelet_q_cell *cell, const gatelet_q_dense *right, const int16_t *x, int16_t *h,
                                 gatelet_four *scratch) {
    gatelet_four *const seen = gatelet_arrange(scratch, x, cell->inputs);
    gatelet_q_gru_units(cell, seen, gatelet_q_seen(right, h, seen), h, scratch);
}
