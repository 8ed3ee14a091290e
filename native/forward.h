// The frame of every forward pass: pack the weights, then per chunk of steps project the inputs and run the recurrence.
//
// A thread projects exactly the rows and units that it will use itself, so the only meeting points are one after packing
// and, when threads share hidden units, one per step.
#pragma once

#include "extras.h"
#include "products.h"
#include "split.h"
#include "threads.h"
#include "traits.h"

namespace gatelet::GATELET_ISA {

// Where one row of one step reads and writes.
struct StepRow {
  const float* h;      // (H) state before
  float* gates;        // (Cell::saved * H) projected inputs; replaced by what backward needs when `save`
  float* y;            // (H) state after
  const float* c;      // (H) cell state before, LSTM only
  float* c_next;       // (H) cell state after, LSTM only
  std::int64_t row;    // where it lies among all rows
  std::int64_t step;
  std::int64_t sequence;
  const float* b_ih;   // (2 H), FastGRNN only
  const float* b_hh;   // (2 H), FastGRNN only
};

template <class Cell>
struct ForwardPlan {
  static constexpr int G = Cell::gates;
  static constexpr int S = Cell::saved;
  static constexpr int E = early_gates<Cell>();

  const Forward& a;
  Split split;
  bool save;
  std::int64_t chunk;
  Panels<G> input_weights;
  Panels<E> hidden_weights;
  [[no_unique_address]] LatePanels<Cell> late_weights;
  Buffer<float> input_bias;       // panel order
  Buffer<float> hidden_bias;      // panel order
  Buffer<float> zeros;            // (H) the state after a reset
  Buffer<float> gate_rows;        // (chunk, B, Cell::saved * H) when nothing is saved
  Buffer<const float*> x_rows;    // per thread: the rows of one chunk
  Buffer<float*> projected_rows;
  Buffer<StepRow> step_rows;      // per thread: the rows of one step
  [[no_unique_address]] ExtrasOfForward<Cell> extras;
  Barrier barrier;

  ForwardPlan(const Forward& a, int threads)
      : a(a),
        split(choose_split(a.sequence, a.hidden, G, threads, barriers_of_step<Cell>())),
        save(a.gates != nullptr),
        chunk(projected_steps(a.sequence, a.hidden, split)),
        input_weights(a.input, a.hidden),
        hidden_weights(a.hidden, a.hidden),
        late_weights(a.hidden, a.hidden),
        input_bias(blocks_of(a.hidden, lanes) * lanes * G),
        hidden_bias(blocks_of(a.hidden, lanes) * lanes * G),
        zeros(a.hidden),
        gate_rows(save ? 0 : chunk * a.sequence.batch * S * a.hidden),
        x_rows(split.threads * chunk * a.sequence.batch),
        projected_rows(split.threads * chunk * a.sequence.batch),
        step_rows(split.threads * a.sequence.batch),
        extras(a, split) {
    pack_biases<Cell>(with_added_biases<Cell>(a), input_bias.data(), hidden_bias.data());
    for (std::int64_t j = 0; j < a.hidden; ++j) zeros[j] = 0.0f;
  }

  // The gates of row b at the k-th step, which lies in the chunk that starts at k0.
  float* gates_of(std::int64_t k0, std::int64_t k, std::int64_t b) {
    const std::int64_t H = a.hidden;
    if constexpr (S == 0) return a.y + a.sequence.row(a.sequence.step(k), b) * H;
    if (save) return a.gates + a.sequence.row(a.sequence.step(k), b) * S * H;
    return gate_rows.data() + ((k - k0) * a.sequence.batch + b) * S * H;
  }
};

template <class Cell>
inline void project_chunk(ForwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k1, Range rows, Range units, int rank) {
  const Forward& a = plan.a;
  const float** in = plan.x_rows.data() + rank * plan.chunk * a.sequence.batch;
  float** out = plan.projected_rows.data() + rank * plan.chunk * a.sequence.batch;
  std::int64_t count = 0;
  for (std::int64_t k = k0; k < k1; ++k) {
    const std::int64_t t = a.sequence.step(k);
    const Range own = rows_of_step(a.sequence, t, rows);
    for (std::int64_t b = own.first; b < own.last; ++b, ++count) {
      in[count] = a.x + a.sequence.row(t, b) * a.input;
      out[count] = plan.gates_of(k0, k, b);
    }
  }
  const float* bias = HasLayerNorm<Cell> ? nullptr : plan.input_bias.data();
  multiply_rows(in, out, count, plan.input_weights, {false, bias}, units.first, units.last);
}

template <class Cell>
inline StepRow step_row(ForwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k, std::int64_t b) {
  const Forward& a = plan.a;
  const std::int64_t H = a.hidden;
  const std::int64_t t = a.sequence.step(k);
  const std::int64_t row = a.sequence.row(t, b);
  const std::int64_t before = a.sequence.row_before(k, b);
  StepRow s{};
  s.h = before >= 0 ? a.y + before * H : a.h0 + b * H;
  s.gates = plan.gates_of(k0, k, b);
  s.y = a.y + row * H;
  s.row = row, s.step = t, s.sequence = b;
  s.b_ih = a.b_ih, s.b_hh = a.b_hh;
  if constexpr (Cell::has_cell_state) {
    s.c = a.c0 + b * H;
    if (before >= 0) s.c = plan.save ? a.cells + before * H : a.c_n + b * H;
    s.c_next = plan.save ? a.cells + row * H : a.c_n + b * H;
  }
  if (a.resets != nullptr && a.resets[row] != 0) {
    s.h = plan.zeros.data();
    if constexpr (Cell::has_cell_state) s.c = plan.zeros.data();
  }
  return s;
}

template <class Cell>
inline void forward_step(ForwardPlan<Cell>& plan, const StepRow* step, const float** h, std::int64_t rows, Range units,
                         int /*rank*/, int /*size*/) {
  constexpr int G = Cell::gates;
  const std::int64_t H = plan.a.hidden;
  for (std::int64_t i = 0; i < rows; ++i) h[i] = step[i].h;
  for_tiles<G>(rows, units.first, units.last, [&]<int R, int P>(std::int64_t row, std::int64_t u) {
    vec sum[R][P * G];
    for (int c = 0; c < P * G; ++c) {
      const vec bias = load(plan.hidden_bias.data() + (u * G + c) * lanes);
      for (int r = 0; r < R; ++r) sum[r][c] = bias;
    }
    accumulate<R, P, G>(RowPointers<R>(h + row, 0), H, plan.hidden_weights.panel(u), plan.hidden_weights.stride(), sum);
    for (int p = 0; p < P; ++p) {
      const std::int64_t j = (u + p) * lanes;
      for (int r = 0; r < R; ++r) Cell::finish(step[row + r], &sum[r][p * G], j, H, plan.save);
    }
  });
}

// The state after each sequence's last step.
template <class Cell>
inline void copy_last_state(ForwardPlan<Cell>& plan, Range rows) {
  const Forward& a = plan.a;
  const std::int64_t H = a.hidden;
  for (std::int64_t b = rows.first; b < rows.last; ++b) {
    std::int64_t t = a.sequence.reverse ? 0 : a.sequence.steps - 1;
    while (a.sequence.rows(t) <= b) --t;
    const std::int64_t row = a.sequence.row(t, b);
    for (std::int64_t j = 0; j < H; ++j) a.h_n[b * H + j] = a.y[row * H + j];
    if constexpr (Cell::has_cell_state) {
      for (std::int64_t j = 0; j < H && plan.save; ++j) a.c_n[b * H + j] = a.cells[row * H + j];
    }
  }
}

template <class Cell>
inline void run_forward(const Forward& a, int threads) {
  const std::size_t states = static_cast<std::size_t>(a.sequence.total_rows() * a.hidden) * sizeof(float);
  prefer_large_pages(a.y, states);
  if (a.gates != nullptr) prefer_large_pages(a.gates, Cell::saved * states);
  if (a.cells != nullptr) prefer_large_pages(a.cells, states);
  ForwardPlan<Cell> plan(a, threads);
  auto body = [&](int rank, int size) {
    const Range all_units{0, plan.hidden_weights.count()};
    const Range own_units = share(all_units.last, rank, size);
    for (std::int64_t u = own_units.first; u < own_units.last; ++u) {
      pack_gate_panel(plan.input_weights, a.w_ih, u);
      pack_gate_panel(plan.hidden_weights, a.w_hh, u);
      if constexpr (TwoPhase<Cell>) pack_gate_panel(plan.late_weights, a.w_hh + plan.E * a.hidden * a.hidden, u);
    }
    plan.barrier.wait(rank, size);
    const bool by_rows = plan.split.by == By::rows;
    const Range units = by_rows ? all_units : own_units;
    const Range rows = by_rows ? row_share(a.sequence, rank, size) : Range{0, a.sequence.batch};
    StepRow* step = plan.step_rows.data() + rank * a.sequence.batch;
    const float** h = plan.x_rows.data() + rank * plan.chunk * a.sequence.batch;
    for (std::int64_t k0 = 0; k0 < a.sequence.steps; k0 += plan.chunk) {
      const std::int64_t k1 = smaller(a.sequence.steps, k0 + plan.chunk);
      project_chunk(plan, k0, k1, rows, units, rank);
      for (std::int64_t k = k0; k < k1; ++k) {
        const Range own = rows_of_step(a.sequence, a.sequence.step(k), rows);
        for (std::int64_t b = own.first; b < own.last; ++b) step[b - own.first] = step_row(plan, k0, k, b);
        forward_step(plan, step, h, own.last - own.first, units, rank, size);
        if (!by_rows) plan.barrier.wait(rank, size);
      }
    }
    copy_last_state(plan, by_rows ? rows : share(a.sequence.batch, rank, size));
  };
  parallel(plan.split.threads, body);
}

}  // namespace gatelet::GATELET_ISA
