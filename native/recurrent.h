// What a recurrent layer is asked to compute: one layer, one direction, a whole sequence per call.
//
// Every array is float32, or every one bfloat16 where a kernel says so, row-major and owned by the caller; no two of them overlap. A row is one sequence at one step;
// Sequence::row says where it lies. Gate order is PyTorch's: r, z, n for the GRU, i, f, g, o for the LSTM.
#pragma once

#include <cstdint>

namespace gatelet {

// Which rows belong to which step, in one of three layouts: (T, B), (B, T), or packed, where step t owns the rows
// offsets[t] .. offsets[t + 1]. Sequences are sorted by falling length, so no step has more rows than the step before it.
struct Sequence {
  std::int64_t steps;            // T
  std::int64_t batch;            // B, the rows of step 0
  const std::int64_t* offsets;   // (T + 1) if packed, else null
  bool batch_first;              // (B, T) if not packed
  bool reverse;                  // run from the last step to the first

  std::int64_t row(std::int64_t t, std::int64_t b) const {
    if (offsets != nullptr) return offsets[t] + b;
    return batch_first ? b * steps + t : t * batch + b;
  }
  std::int64_t rows(std::int64_t t) const { return offsets != nullptr ? offsets[t + 1] - offsets[t] : batch; }
  std::int64_t total_rows() const { return offsets != nullptr ? offsets[steps] : steps * batch; }
  // The k-th step in the order of the recurrence.
  std::int64_t step(std::int64_t k) const { return reverse ? steps - 1 - k : k; }
  // The row of sequence b at the step before the k-th, or -1 where that sequence has none: its state before is h0.
  std::int64_t row_before(std::int64_t k, std::int64_t b) const {
    return k > 0 && b < rows(step(k - 1)) ? row(step(k - 1), b) : -1;
  }
};

// What forward and backward both read. G is the number of gates: 3 (GRU), 4 (LSTM), 2 (MGU: f, n, Li-GRU: z, n) or 1 (tanh
// RNN, FastGRNN, whose b_ih and b_hh have 2 H values: see its file). What a cell does not have is null.
struct Layer {
  Sequence sequence;
  std::int64_t input;            // I
  std::int64_t hidden;           // H
  const float* x;                // (rows, I)
  const float* h0;               // (B, H)
  const float* c0;               // (B, H), LSTM only
  const float* w_ih;             // (G H, I)
  const float* w_hh;             // (G H, H)
  const float* b_ih;             // (G H), or null
  const float* b_hh;             // (G H), or null
  const float* layer_norm_ih;    // (G H) gains of the normalised W_ih x, or null: not normalised
  const float* layer_norm_hh;    // (G H) gains of the normalised W_hh h; null if and only if the other is
  const float* dropout_mask;     // (B, H), multiplies the state before W_hh; or null
  const std::int64_t* zoneout_seed;  // one value: draw which units keep their state; null: mix by the rate
  const std::uint8_t* resets;    // (rows): nonzero zeroes the state before that row's step; or null
  double zoneout;                // the rate at which units keep their old state, 0 for none
};

struct Forward : Layer {
  float* y;                      // (rows, H)
  float* h_n;                    // (B, H) state after each sequence's last step
  float* c_n;                    // (B, H), LSTM only
  float* gates;                  // (rows, Cell::saved H) what backward reads, sections as the cell's file says; with
                                 // LayerNorm 2 G (H + 2) floats per row (extras.h, layer_norm.h); null: inference
  float* cells;                  // (rows, H) saved cell states, LSTM in training only
};

struct Backward : Layer {
  std::int64_t dy_stride;        // floats from one row of dy to the next: H, or 2 H where two directions share it
  const float* y;                // as written by forward
  const float* gates;            // as saved by forward
  const float* cells;            // as saved by forward, LSTM only
  const float* dy;               // (rows, dy_stride), or null for zeros
  const float* dh_n;             // (B, H), or null for zeros
  const float* dc_n;             // (B, H), or null for zeros; LSTM only
  float* dx;                     // (rows, I), or null if not wanted
  float* dh0;                    // (B, H)
  float* dc0;                    // (B, H), LSTM only
  float* dw_ih;                  // (G H, I)
  float* dw_hh;                  // (G H, H)
  float* db_ih;                  // (G H)
  float* db_hh;                  // (G H)
  float* dlayer_norm_ih;         // (G H), or null if the layer does not normalise
  float* dlayer_norm_hh;         // (G H)
};

// One cell. `threads` is an upper limit; the result's bits do not depend on it.
struct CellKernels {
  const char* name;
  void (*forward)(const Forward&, int threads);
  void (*backward)(const Backward&, int threads);
};

}  // namespace gatelet
