#include "q_lstm_units.h"

void gatelet_q_lstm_low_rank_step(const gatelet_q_cell *cell, const gatelet_q_dense *right, const int16_t *x, int16_t *h,
                                  int16_t *c, gatelet_four *scratch) {
    gatelet_four *const seen = gatelet_arrange(scratch, x, cell->inputs);
    gatelet_q_lstm_units(cell, seen, gatelet_q_seen(right, h, seen), h, c, scratch);
}
