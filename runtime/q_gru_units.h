/* A step of a GRU, once what it multiplies is arranged. Not a public header. */
#ifndef GATELET_Q_GRU_UNITS_H
#define GATELET_Q_GRU_UNITS_H

#include "q_gru.h"

/* Four columns of each gate times each group of x, so that every load of x serves three gates. */
GATELET_TWICE const int8_t *add_three(const int8_t *w, const gatelet_four *x, const gatelet_four *end, int32_t *sums) {
    gatelet_q_sum r = gatelet_q_start(), z = r, n = r;
    do {
        const gatelet_four *at = x++;
        r = gatelet_add(r, at, w);
        z = gatelet_add(z, at, w + 4);
        n = gatelet_add(n, at, w + 8);
        w += 12;
    } while (x != end);
    sums[0] = gatelet_q_end(r), sums[1] = gatelet_q_end(z), sums[2] = gatelet_q_end(n);
    return w;
}

/* The gates of all units, and the state after them. What W_hh meets, h or of low rank the sums of gatelet_q_seen, lies
 * arranged behind x in scratch: from old to end. Inline, since a call would cost the usual step some instructions a unit. */
GATELET_INLINE void gatelet_q_gru_units(const gatelet_q_cell *cell, const gatelet_four *old, const gatelet_four *end,
                                        int16_t *h, const gatelet_four *scratch) {
    const int8_t *w = cell->weights;
    const int16_t *m = cell->multipliers;
    const int32_t *b = cell->biases;
    const int shift = cell->shift;
    for (uint16_t j = cell->units; j > 0; j--, m += 6, b += 4, h++) {
        int32_t of_x[3], of_h[3];
        w = add_three(w, scratch, old, of_x);
        w = add_three(w, old, end, of_h);
        gatelet_q_gru_unit(of_x, of_h, m, b, shift, h);
    }
}

#endif
