/* gatelet runtime: gated recurrent cells in C99 for small devices.
 *
 * No allocation, no global state, nothing from libc but <stdint.h> and <string.h> in the integer functions. The caller
 * owns every array. Structs that describe a cell hold only constants, so any number of streams may share one.
 *
 * The integer functions give the same bits on every machine. In what follows, and exactly so in the code,
 *
 *     shift(a, s) = floor((a + 2^(s-1)) / 2^s)     rounds to nearest, halves up; s is at least 1
 *     clamp16(a)  = min(max(a, -32768), 32767)
 *     Q15         = a number times 2^15, rounded; Q12 likewise
 *
 * and no sum leaves 32 bits, which whoever made the constants has to see to: `gatelet quantize` does. The equations
 * stand in docs/quantization.md and, for NumPy, in gatelet.reference.integer.
 */
#ifndef GATELET_H
#define GATELET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks arrays of weights, multipliers and biases. On AVR they stay in flash, and only there may these functions look for
 * them. Elsewhere they begin at a multiple of four bytes, as cores that read four weights at a time expect. */
#if defined(__AVR__)
#include <avr/pgmspace.h>
#define GATELET_CONSTANTS PROGMEM
#elif defined(__GNUC__)
#define GATELET_CONSTANTS __attribute__((aligned(4)))
#else
#define GATELET_CONSTANTS
#endif

/* Columns of weights come in groups of four; a last group that is not full is filled up with zero weights. */
#define GATELET_GROUPS(size) (((size) + 3) / 4)

/* Four activations, laid out as the machine likes them. A step needs GATELET_Q_SCRATCH(I, H) of them as scratch, which all
 * cells of a thread may share and which means nothing afterwards. */
typedef union {
    int16_t values[4];
    uint32_t pairs[2];
} gatelet_four;

#define GATELET_Q_SCRATCH(inputs, units) (GATELET_GROUPS(inputs) + GATELET_GROUPS(units))
#define GATELET_Q_LOW_RANK_SCRATCH(inputs, units, rank) (GATELET_Q_SCRATCH(inputs, units) + 2 * GATELET_GROUPS(rank))

/* ------------------------------------------------------------------------------------------------ integer cells ---- */

/* A recurrent cell of any of the kinds below; I inputs, H units, G matrices: GRU 3, LSTM 4, FastGRNN 1.
 * The sums over x and over h become Q12 as shift(shift(sum_x, 8) m_x + shift(sum_h, 8) m_h + b, shift). */
typedef struct {
    uint16_t inputs;            /* I */
    uint16_t units;             /* H */
    const int8_t *weights;      /* (H, groups of I then of H, G, 4) */
    const int16_t *multipliers; /* (H, 2, G): m_x, then m_h */
    const int32_t *biases;      /* (H, biases of a unit): b + 2^(shift-1), so that it rounds */
    uint8_t shift;              /* 3 ... 24 */
    uint8_t exponent;           /* LSTM: c is in units of 2^(exponent-15); FastGRNN: h is, and exponent >= 1; GRU: 0 */
    int16_t zeta, nu;           /* FastGRNN: the scales of the candidate in Q15 */
} gatelet_q_cell;

/* A dense layer: y = clamp16(shift(shift(W x, 8) m + b, shift)). */
typedef struct {
    uint16_t inputs;            /* I */
    uint16_t outputs;           /* O */
    const int8_t *weights;      /* (O, groups of I, 4) */
    const int16_t *multipliers; /* (O) */
    const int32_t *biases;      /* (O): b + 2^(shift-1) */
    uint8_t shift;              /* 1 ... 24 */
} gatelet_q_dense;

/* One step of a GRU, reset after the product; matrices r, z, n; biases r, z, n of x, n of h.
 *     r = s(W_ir x + W_hr h + b_r)   z = s(W_iz x + W_hz h + b_z)   n = tanh(W_in x + b_in + r (W_hn h + b_hn))
 *     h' = n + z (h - n)
 * x: (I) in the unit that the multipliers stand for. h: (H) in Q15, is replaced. scratch: GATELET_Q_SCRATCH(I, H). */
void gatelet_q_gru_step(const gatelet_q_cell *cell, const int16_t *x, int16_t *h, gatelet_four *scratch);

/* The same step with blocks of zeros left out: a block is what the G gates of one unit have for four columns.
 * blocks: per unit, how many blocks there are for x, and which groups of x they meet; then the same for h.
 * cell->weights: (blocks, G, 4), in that order. Bits as if the zeros were there. */
void gatelet_q_gru_sparse_step(const gatelet_q_cell *cell, const uint16_t *blocks, const int16_t *x, int16_t *h,
                               gatelet_four *scratch);

/* One step of an LSTM; matrices and biases i, f, g, o.
 *     c' = f c + i g   h' = o tanh(c')
 * h: (H) in Q15, c: (H) in units of 2^(exponent-15); both are replaced. */
void gatelet_q_lstm_step(const gatelet_q_cell *cell, const int16_t *x, int16_t *h, int16_t *c, gatelet_four *scratch);
void gatelet_q_lstm_sparse_step(const gatelet_q_cell *cell, const uint16_t *blocks, const int16_t *x, int16_t *h,
                                int16_t *c, gatelet_four *scratch); /* blocks as of gatelet_q_gru_sparse_step */

/* The same steps where W_hh is of low rank, the product of a left factor (G H, R) and a right one (R, H): the right one is a
 * dense layer from h to R sums in Q15, which the cell's weights meet in the place of h, with groups of R for those of H.
 * scratch: GATELET_Q_LOW_RANK_SCRATCH(I, H, R). */
void gatelet_q_gru_low_rank_step(const gatelet_q_cell *cell, const gatelet_q_dense *right, const int16_t *x, int16_t *h,
                                 gatelet_four *scratch);
void gatelet_q_lstm_low_rank_step(const gatelet_q_cell *cell, const gatelet_q_dense *right, const int16_t *x, int16_t *h,
                                  int16_t *c, gatelet_four *scratch);

/* One step of a FastGRNN; one matrix, biases z, n.
 *     a = W x + U h   z = s(a + b_z)   n = tanh(a + b_n)   h' = (zeta (1 - z) + nu) n + z h
 * h: (H) in units of 2^(exponent-15), is replaced. */
void gatelet_q_fastgrnn_step(const gatelet_q_cell *cell, const int16_t *x, int16_t *h, gatelet_four *scratch);

/* ---------------------------------------------------------------------------------------- integer layers around ---- */

/* x: (I), y: (O), scratch: GATELET_Q_SCRATCH(I, 0). */
void gatelet_q_dense_step(const gatelet_q_dense *layer, const int16_t *x, int16_t *y, gatelet_four *scratch);

/* y = clamp16(shift(table[row] m[row], shift)).
 * table: (rows, size), multipliers: (rows), y: (size). A row outside the table is read as row 0. */
void gatelet_q_embed(const int8_t *table, const int16_t *multipliers, uint16_t rows, uint16_t size, uint8_t shift,
                     uint16_t row, int16_t *y);

/* The mean of such vectors, those of the numbers in at: (count), without those that have no row; zeros if none has. */
void gatelet_q_embed_mean(const int8_t *table, const int16_t *multipliers, uint16_t rows, uint16_t size, uint8_t shift,
                          const int32_t *at, uint16_t count, int16_t *y);

/* Sums of vectors, and their mean, or sum divided by the root of the count; count: (1). A sum of 2^15 vectors is halved. */
void gatelet_q_accumulate(int32_t *sums, int32_t *count, uint16_t size, const int16_t *x);
void gatelet_q_mean(const int32_t *sums, int32_t count, uint16_t size, int16_t *y);
void gatelet_q_root_mean(const int32_t *sums, int32_t count, uint16_t size, int16_t *y);

/* y = clamp16(floor(x / unit + 1/2)), 0 for NaN, of floats of 32 bits, in integers: the same bits everywhere.
 * One float 1 is steps / 2^shift units, with 2^37 <= steps < 2^38. */
int16_t gatelet_q_from_float(float x, uint64_t steps, int16_t shift);
void gatelet_q_from_floats(const float *x, uint16_t size, uint64_t steps, int16_t shift, int16_t *y);

/* y = unit x. */
void gatelet_q_to_floats(const int16_t *x, uint16_t size, float unit, float *y);

/* clamp16(a); and a constant from where constants lie. */
int16_t gatelet_q_clamp(int32_t a);
int16_t gatelet_q_constant(const int16_t *address);

/* y = clamp16(shift((x - center) m, shift)), value by value: standardises raw readings.
 * centers, multipliers: (size). x, y: (size), may be the same. */
void gatelet_q_affine(const int16_t *centers, const int16_t *multipliers, uint16_t size, uint8_t shift,
                      const int16_t *x, int16_t *y);

/* Gates, value by value, in place: Q12 in, Q15 out (the sigmoid's 1 as 32767). */
void gatelet_q_sigmoid(int16_t *x, uint16_t size);
void gatelet_q_tanh(int16_t *x, uint16_t size);
void gatelet_q_relu(int16_t *x, uint16_t size);

/* Index of the largest value, the first of equals. */
uint16_t gatelet_q_argmax(const int16_t *x, uint16_t size);

/* Activations of 8 bits as activations of 16. x: (size), y: (size). */
void gatelet_q_widen(const int8_t *x, int16_t *y, uint16_t size);

/* -------------------------------------------------------------------------------------------------- float cells ---- */

/* A recurrent cell in floats; exp, tanh and the logistic function are the runtime's own, so there is no need of libm. */
typedef struct {
    uint16_t inputs;      /* I */
    uint16_t units;       /* H */
    const float *weights; /* (H, groups of I then of H, G, 4), unless said otherwise */
    const float *biases;  /* (H, N) */
    float zeta, nu;       /* FastGRNN: the scales of the candidate, after the logistic function */
} gatelet_f_cell;

/* How many floats a step needs as scratch: most cells, and those that gate h before they multiply it. */
#define GATELET_F_SCRATCH(inputs, units) (4 * (GATELET_GROUPS(inputs) + GATELET_GROUPS(units)))
#define GATELET_F_GATED_SCRATCH(inputs, units) (4 * (GATELET_GROUPS(inputs) + 3 * GATELET_GROUPS(units)))
#define GATELET_F_LOW_RANK_SCRATCH(inputs, units, rank) (GATELET_F_SCRATCH(inputs, units) + 4 * GATELET_GROUPS(rank))

/* One step each; x: (I), h and c: (H), are replaced.                                     matrices     biases
 * GRU, reset after the product, as PyTorch's:                                             r, z, n      r, z, n of x, n of h
 *     h' = (1 - z) n + z h,  n = tanh(W_in x + b_in + r (W_hn h + b_hn))
 * LSTM: c' = f c + i g,  h' = o tanh(c')                                                  i, f, g, o   the same
 * FastGRNN: h' = (zeta (1 - z) + nu) n + z h                                              one          z, n
 * Elman's: h' = tanh(W_ih x + W_hh h + b)                                                 one          one
 * Li-GRU: h' = z h + (1 - z) n,  n = relu(W_in x + W_hn h + b_n)                          z, n         the same */
void gatelet_f_gru_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch);
void gatelet_f_gru_sparse_step(const gatelet_f_cell *cell, const uint16_t *blocks, const float *x, float *h,
                               float *scratch); /* blocks as of gatelet_q_gru_sparse_step */
void gatelet_f_lstm_step(const gatelet_f_cell *cell, const float *x, float *h, float *c, float *scratch);
void gatelet_f_lstm_sparse_step(const gatelet_f_cell *cell, const uint16_t *blocks, const float *x, float *h, float *c,
                                float *scratch);
void gatelet_f_fastgrnn_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch);
void gatelet_f_rnn_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch);
void gatelet_f_ligru_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch);

/* The same where W_hh is of low rank, the product of a left factor (G H, R) and a right one (R, H). The cell's weights have
 * groups of R for those of H; right: (R, groups of H, 4). scratch: GATELET_F_LOW_RANK_SCRATCH(I, H, R). */
void gatelet_f_gru_low_rank_step(const gatelet_f_cell *cell, const float *right, uint16_t rank, const float *x, float *h,
                                 float *scratch);
void gatelet_f_lstm_low_rank_step(const gatelet_f_cell *cell, const float *right, uint16_t rank, const float *x, float *h,
                                  float *c, float *scratch);

/* The same for cells whose candidate meets a gated h. Their weights are two arrays in a row: those of the gates, laid out
 * as above, then those of n. scratch: GATELET_F_GATED_SCRATCH(I, H).
 * GRU, reset before the product: n = tanh(W_in x + W_hn (r h) + b_n)                      r, z; n      r, z, n
 * MGU: h' = (1 - f) h + f n,  n = tanh(W_in x + W_hn (f h) + b_n)                         f; n         f, n */
void gatelet_f_gru_before_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch);
void gatelet_f_mgu_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch);

/* The same for cells whose gates do not see h; weights: (H, groups of I, G, 4). scratch: GATELET_F_SCRATCH(I, 0).
 * minGRU: h' = (1 - z) h + z g(n)                                                         z, n         the same
 * minLSTM: h' = (f h + i g(n)) / (f + i)                                                  f, i, n      the same
 * where g(a) = a + 1/2 for a >= 0, else the logistic function. */
void gatelet_f_min_gru_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch);
void gatelet_f_min_lstm_step(const gatelet_f_cell *cell, const float *x, float *h, float *scratch);

/* GRU (reset after the product, or before it) and LSTM with LayerNorm: W x and W h of each gate, and W (r h) where it is
 * reset before, are normalised over its units. */
typedef struct {
    uint16_t inputs;         /* I */
    uint16_t units;          /* H */
    const float *weights_ih; /* (G, H, groups of I, 4) */
    const float *weights_hh; /* (G, H, groups of H, 4) */
    const float *gains;      /* (2, G, H): of W x, then of W h */
    const float *biases;     /* (2, G, H) likewise */
} gatelet_f_norm_cell;

/* How many floats a step needs as scratch, of G gates. */
#define GATELET_F_NORM_SCRATCH(inputs, units, gates) (GATELET_F_SCRATCH(inputs, units) + 2 * (gates) * (units))

void gatelet_f_norm_gru_step(const gatelet_f_norm_cell *cell, const float *x, float *h, float *scratch);
void gatelet_f_norm_gru_before_step(const gatelet_f_norm_cell *cell, const float *x, float *h, float *scratch);
void gatelet_f_norm_lstm_step(const gatelet_f_norm_cell *cell, const float *x, float *h, float *c, float *scratch);

/* ------------------------------------------------------------------------------------------ float layers around ---- */

/* y = W x + b. weights: (O, groups of I, 4), biases: (O), x: (I), y: (O), scratch: GATELET_F_SCRATCH(I, 0). */
void gatelet_f_dense(const float *weights, const float *biases, uint16_t inputs, uint16_t outputs, const float *x,
                     float *y, float *scratch);

/* One row of a table (rows, size); a row outside it is read as row 0. */
void gatelet_f_embed(const float *table, uint16_t rows, uint16_t size, uint16_t row, float *y);

/* The mean of rows of a table, those of the numbers in at: (count), without those that have no row; zeros if none has. */
void gatelet_f_embed_mean(const float *table, uint16_t rows, uint16_t size, const int32_t *at, uint16_t count, float *y);

/* y = (x - mean) / scale, value by value; NaN stays NaN. means, scales: (size). x, y: (size), may be the same. */
void gatelet_f_standardize(const float *means, const float *scales, uint16_t size, const float *x, float *y);

/* x = x + constant, value by value. */
void gatelet_f_add_constants(const float *constants, uint16_t size, float *x);

/* y = (x - mean) / sqrt(variance + epsilon) * gain + bias, over the values of x. gains, biases: (size). In place. */
void gatelet_f_layer_norm(const float *gains, const float *biases, float epsilon, uint16_t size, float *x);

/* Value by value, in place; softmax over all. */
void gatelet_f_sigmoid(float *x, uint16_t size);
void gatelet_f_tanh(float *x, uint16_t size);
void gatelet_f_relu(float *x, uint16_t size);
void gatelet_f_softplus(float *x, uint16_t size);
void gatelet_f_softmax(float *x, uint16_t size);
void gatelet_f_log_softmax(float *x, uint16_t size);

/* Index of the largest value, the first of equals. */
uint16_t gatelet_f_argmax(const float *x, uint16_t size);

/* A mean of all y so far, weighted by exp(score), score = v . tanh(W y + b).
 * sum: (I), weight, peak: all zeros before the first y; the mean is sum / weight. scratch: GATELET_F_SCRATCH(I, 0). */
typedef struct {
    uint16_t inputs;      /* I, of y */
    uint16_t units;       /* K */
    const float *weights; /* W (K, groups of I, 4) */
    const float *biases;  /* b (K) */
    const float *scores;  /* v (K) */
} gatelet_f_attention;
void gatelet_f_attend(const gatelet_f_attention *attention, const float *y, float *sum, float *weight, float *peak,
                      float *scratch);

/* Quantiles q: (levels) from the median on: q_m = a_m + shift, q_{k+1} = q_k + softplus(a_{k+1} - 2), and down likewise. */
void gatelet_f_quantiles(const float *a, uint16_t levels, uint16_t median, float shift, float *q);

/* Quantiles moved by offsets: (levels), and kept in order around the median. In place. */
void gatelet_f_calibrate(const float *offsets, uint16_t levels, uint16_t median, float *q);

/* A Student-t distribution y: location a_0 + shift, scale softplus(a_1 + 0.5413) + 1e-4, freedom 2.1 + softplus(a_2 + 6).
 * a, y: (3), may be the same. */
void gatelet_f_student_t(const float *a, float shift, float *y);

/* Its quantiles q: (levels) = location + scale F^-1(level; freedom), where F^-1 = sum of c_k T_k(4.2 / freedom - 1) with
 * Chebyshev's polynomials T_k. series: c (levels, terms), x: location, scale and a freedom of at least 2.1. */
void gatelet_f_student_t_quantiles(const float *series, uint16_t terms, uint16_t levels, const float *x, float *q);

/* ------------------------------------------------------------------------------------------------------- sound ---- */

/* Of each hop of samples, and those before it, the power in mel bands: of the last L samples x, with N >= L points,
 *     y_m = log(max(sum over k of filters[m, k] P_k, floor)),   P_k = |sum over n of w_n x_n exp(-2 pi i k n / N)|^2
 * in floats: what lies 130 dB below the loudest is lost in their last bits. `gatelet.runtime.pack_log_mel` makes the tables. */
typedef struct {
    uint16_t hop;           /* samples of a step, at most L */
    uint16_t length;        /* L */
    uint16_t half;          /* N / 2, at most 2^13 */
    uint16_t odd;           /* the largest odd number in it */
    uint16_t bands;         /* M */
    float floor;            /* at least 2^-126 */
    const float *window;    /* (L): w / 2 */
    const uint16_t *places; /* (N / 2): where each pair of samples stands when the transform begins */
    const float *turns;     /* cosines, and sines below zero, in the order in which the transform takes them */
    const uint16_t *spans;  /* (M, 2): the first column of a filter that is not zero, and how many there are */
    const float *filters;   /* those columns, filter after filter */
} gatelet_f_log_mel;

/* How many floats a step needs as scratch. */
#define GATELET_F_LOG_MEL_SCRATCH(half, odd) (2 * ((half) + (odd)))

/* x: (hop), samples: (L - hop), zeros at first, are replaced; y: (M). */
void gatelet_f_log_mel_step(const gatelet_f_log_mel *sound, const float *x, float *samples, float *y, float *scratch);

/* -------------------------------------------------------------------------------- windows, in double precision ---- */

/* Of the values in a window that are not NaN: mean, last one (0 where there is none), and standard deviation, at least
 * min(max(1e-3 max |x|, 1e-6 usual), 1e-2 usual). */
double gatelet_d_mean(const double *x, uint16_t size);
double gatelet_d_last(const double *x, uint16_t size);
double gatelet_d_spread(const double *x, uint16_t size, double usual);

/* y = ((center - mean) / usual, log(scale / usual)), both within -10 and 10. */
void gatelet_d_level(double center, double scale, double mean, double usual, float *y);

/* As gatelet_f_standardize, of readings far from zero. */
void gatelet_d_standardize(const float *means, const float *scales, uint16_t size, const double *x, float *y);

/* ---------------------------------------------------------------------------------------------- single numbers ---- */

float gatelet_exp(float x);
float gatelet_softplus(float x);
float gatelet_inverse_root(float x); /* 1 / sqrt(x) for x > 0 */
double gatelet_root(double x); /* 0 for what is not positive */
double gatelet_log(double x);
/* The number of a pair of neighbours: (former * spread + now) mod buckets, not negative; spread below buckets. */
int32_t gatelet_pair(int32_t former, int32_t now, int32_t spread, int32_t buckets);
float gatelet_missing(void);  /* NaN */
float gatelet_infinity(void);

#ifdef __cplusplus
}
#endif

#endif
