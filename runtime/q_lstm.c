#include "q_lstm_units.h"

void gatelet_q_lstm_step(const gatelet_q_cell *cell, const int16_t *x, int16_t *h, int16_t *c, gatelet_four *scratch) {
    gatelet_four *const old = gatelet_arrange(scratch, x, cell->inputs);
    gatelet_q_lstm_units(cell, old, gatelet_arrange(old, h, cell->units), h, c, scratch);
}
