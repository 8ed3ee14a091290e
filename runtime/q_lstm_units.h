/* A step of an LSTM, once what it multiplies is arranged. Not a public header. */
#ifndef GATELET_Q_LSTM_UNITS_H
#define GATELET_Q_LSTM_UNITS_H

#include "q_lstm.h"

/* Four columns of each gate times each group of x, so that every load of x serves four gates. */
GATELET_TWICE const int8_t *add_four(const int8_t *w, const gatelet_four *x, const gatelet_four *end, int32_t *sums) {
    gatelet_q_sum i = gatelet_q_start(), f = i, g = i, o = i;
    do {
        const gatelet_four *at = x++;
        i = gatelet_add(i, at, w);
        f = gatelet_add(f, at, w + 4);
        g = gatelet_add(g, at, w + 8);
        o = gatelet_add(o, at, w + 12);
        w += 16;
    } while (x != end);
    sums[0] = gatelet_q_end(i), sums[1] = gatelet_q_end(f);
    sums[2] = gatelet_q_end(g), sums[3] = gatelet_q_end(o);
    return w;
}

/* The gates of all units, and the state after them. What W_hh meets, h or of low rank the sums of gatelet_q_seen, lies
 * arranged behind x in scratch: from old to end. Inline, since a call would cost the usual step some instructions a unit. */
GATELET_INLINE void gatelet_q_lstm_units(const gatelet_q_cell *cell, const gatelet_four *old, const gatelet_four *end,
                                         int16_t *h, int16_t *c, const gatelet_four *scratch) {
    const int8_t *w = cell->weights;
    const int16_t *m = cell->multipliers;
    const int32_t *b = cell->biases;
    const int shift = cell->shift, exponent = cell->exponent;
    for (uint16_t j = cell->units; j > 0; j--, m += 8, b += 4, h++, c++) {
        int32_t of_x[4], of_h[4];
        w = add_four(w, scratch, old, of_x);
        w = add_four(w, old, end, of_h);
        gatelet_q_lstm_unit(of_x, of_h, m, b, shift, exponent, h, c);
    }
}

#endif
