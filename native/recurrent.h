// What a recurrent layer is asked to compute: one layer, one direction, a whole sequence per call.
//
// Every array is float32, row-major and owned by the caller; no two of them overlap. "rows" are the B sequences of every
// step, one step after the other. Gate order is PyTorch's: r, z, n for the GRU, i, f, g, o for the LSTM.
#pragma once

#include <cstdint>

namespace gatelet {

// Which rows belong to which step. Step t owns rows offset[t] .. offset[t + 1], and its row b is the b-th sequence.
// Sequences are sorted by falling length, so a step never has more rows than the step before it.
struct Sequence {
  std::int64_t steps;            // T
  std::int64_t batch;            // B, the rows of step 0
  const std::int64_t* offsets;   // (T + 1), or null where every step has B rows
  bool reverse;                  // run from the last step to the first

  std::int64_t offset(std::int64_t t) const { return offsets != nullptr ? offsets[t] : t * batch; }
  std::int64_t rows(std::int64_t t) const { return offset(t + 1) - offset(t); }
  // The k-th step in the order of the recurrence.
  std::int64_t step(std::int64_t k) const { return reverse ? steps - 1 - k : k; }
};

// What forward and backward both read. G is the number of gates: 3 (GRU) or 4 (LSTM).
struct Layer {
  Sequence sequence;
  std::int64_t input;            // I
  std::int64_t hidden;           // H
  std::int64_t y_stride;         // floats from one row of y to the next: H, or 2 H when two directions share y
  const float* x;                // (rows, I)
  const float* h0;               // (B, H)
  const float* c0;               // (B, H), LSTM only
  const float* w_ih;             // (G H, I)
  const float* w_hh;             // (G H, H)
  const float* b_ih;             // (G H), or null
  const float* b_hh;             // (G H), or null
  const std::uint8_t* resets;    // (rows): nonzero zeroes the state before that row's step; or null
};

struct Forward : Layer {
  float* y;                      // (rows, y_stride), H columns of each row are written
  float* h_n;                    // (B, H) state after each sequence's last step
  float* c_n;                    // (B, H), LSTM only
  float* gates;                  // (rows, 4 H) saved for backward: r, z, n, W_hn h + b_hn or i, f, g, o; null: inference
  float* cells;                  // (rows, H) saved cell states, LSTM in training only
};

struct Backward : Layer {
  const float* y;                // as written by forward
  const float* gates;            // as saved by forward
  const float* cells;            // as saved by forward, LSTM only
  const float* dy;               // (rows, y_stride), or null for zeros
  const float* dh_n;             // (B, H), or null for zeros
  const float* dc_n;             // (B, H), or null for zeros; LSTM only
  float* dx;                     // (rows, I), or null if not wanted
  float* dh0;                    // (B, H)
  float* dc0;                    // (B, H), LSTM only
  float* dw_ih;                  // (G H, I)
  float* dw_hh;                  // (G H, H)
  float* db_ih;                  // (G H)
  float* db_hh;                  // (G H)
};

// The same functions compiled for one instruction set. `threads` is an upper limit; the result's bits do not depend on it.
struct Kernels {
  const char* name;
  void (*gru_forward)(const Forward&, int threads);
  void (*gru_backward)(const Backward&, int threads);
  void (*lstm_forward)(const Forward&, int threads);
  void (*lstm_backward)(const Backward&, int threads);
};

}  // namespace gatelet
