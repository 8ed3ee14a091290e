// The frame of every backward pass.
//
// The loop over steps does only what must be sequential: the pointwise gradient of the gates, dG, and the gradient of the
// state before, dh = dG W_hh. What is left is matrix products over many rows (dX, dW_ih, dW_hh) and the bias sums; they are
// deferred to the end of each chunk of steps, while its dG is still in the cache, so dG is never stored for the sequence.
#pragma once

#include "extras.h"
#include "products.h"
#include "split.h"
#include "threads.h"
#include "traits.h"

namespace gatelet::GATELET_ISA {

// Where one row of one step reads and writes.
struct GradientRow {
  const float* gates;     // (Cell::saved * H) as saved by forward; (H) the state after where nothing else is saved
  const float* h;         // (H) state before
  const float* c;         // (H) cell state before, LSTM only
  const float* c_next;    // (H) cell state after, LSTM only
  const float* dy;        // (H) or null
  float* dh;              // (H) gradient of the state after; replaced by what of it passes to the state before directly
  float* dc;              // (H) the same for the cell state, LSTM only
  float* dg;              // (Cell::sections * H) out
  std::int64_t row;       // where it lies among all rows
  std::int64_t step;
  std::int64_t sequence;
  const float* b_hh;      // (2 H), FastGRNN only
};

// The rows of one chunk, as the deferred products need them.
struct ChunkRows {
  const float** dg;       // gradient of the gates; where W_ih's part starts
  const float** x;
  const float** h;        // state before
  const float** gated;    // the gated state, two-phase cells only
  float** dx;
  std::int64_t* row;      // where it lies among all rows
  std::int64_t* sequence;
  std::int64_t count;
};

template <class Cell>
struct BackwardPlan {
  static constexpr int G = Cell::gates;
  static constexpr int S = Cell::sections;
  static constexpr int E = early_gates<Cell>();
  static constexpr int lists = TwoPhase<Cell> ? 4 : 3;
  static constexpr std::int64_t depth = 256;   // rows per deferred product
  static constexpr int R = gradient_rows;

  const Backward& a;
  Split split;
  std::int64_t chunk;
  Panels<1> input_weights;        // (G H, I), gates in the order of dG
  Panels<1> hidden_weights;       // (E H, H), gates in the order of dG
  [[no_unique_address]] LatePanels<Cell> late_weights;  // (H, H)
  Panels<1> x_columns;            // (depth, I)
  Panels<1> h_columns;            // (depth, H)
  [[no_unique_address]] LatePanels<Cell> gated_columns;  // (depth, H)
  Buffer<float> zeros;            // (H) the state after a reset
  std::int64_t dg_stride;         // floats between rows of dG: not a power of two, which would meet in few cache sets
  Buffer<float> dg;               // (chunk, B, dg_stride)
  Buffer<float> dg_columns;       // per thread: R neighbouring units of dG, [depth][R]
  Buffer<const float*> pointers;  // per thread: the lists of ChunkRows; during a step, the rows of dG
  Buffer<float*> dx_rows;         // per thread; during a step, the rows of dh
  Buffer<std::int64_t> numbers;   // per thread: the two lists of numbers of ChunkRows
  Buffer<GradientRow> step_rows;
  [[no_unique_address]] ExtrasOfBackward<Cell> extras;
  Barrier barrier;

  BackwardPlan(const Backward& a, int threads)
      : a(a),
        split(choose_split(a.sequence, a.hidden, G, threads, barriers_of_step<Cell>())),
        chunk(gradient_steps(a.sequence)),
        input_weights(G * a.hidden, a.input),
        hidden_weights(E * a.hidden, a.hidden),
        late_weights(a.hidden, a.hidden),
        x_columns(depth, a.input),
        h_columns(depth, a.hidden),
        gated_columns(depth, a.hidden),
        zeros(a.hidden),
        dg_stride(blocks_of(stored_sections<Cell>() * a.hidden, 16) * 16 + 16),
        dg(chunk * a.sequence.batch * dg_stride),
        dg_columns(split.threads * depth * R),
        pointers(split.threads * lists * chunk * a.sequence.batch),
        dx_rows(split.threads * chunk * a.sequence.batch),
        numbers(split.threads * 2 * chunk * a.sequence.batch),
        step_rows(split.threads * a.sequence.batch),
        extras(a, split) {
    for (std::int64_t j = 0; j < a.hidden; ++j) zeros[j] = 0.0f;
  }

  std::int64_t chunk_rows() const { return chunk * a.sequence.batch; }
  const float** pointers_of(int rank) { return pointers.data() + rank * lists * chunk_rows(); }
  float* dg_row(std::int64_t k0, std::int64_t k, std::int64_t b) {
    return dg.data() + ((k - k0) * a.sequence.batch + b) * dg_stride;
  }
};

template <class Cell>
inline const float* state_before(BackwardPlan<Cell>& plan, std::int64_t k, std::int64_t b, const float* first,
                                 const float* states) {
  const Backward& a = plan.a;
  const std::int64_t row = a.sequence.row(a.sequence.step(k), b);
  if (a.resets != nullptr && a.resets[row] != 0) return plan.zeros.data();
  const std::int64_t before = a.sequence.row_before(k, b);
  return before >= 0 ? states + before * a.hidden : first + b * a.hidden;
}

template <class Cell>
inline GradientRow gradient_row(BackwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k, std::int64_t b) {
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const std::int64_t t = a.sequence.step(k);
  const std::int64_t row = a.sequence.row(t, b);
  GradientRow g{};
  g.row = row, g.step = t, g.sequence = b;
  g.gates = Cell::saved > 0 ? a.gates + row * Cell::saved * H : a.y + row * H;
  g.h = state_before(plan, k, b, a.h0, a.y);
  g.dy = a.dy != nullptr ? a.dy + row * a.dy_stride : nullptr;
  g.dh = a.dh0 + b * H;
  g.dg = plan.dg_row(k0, k, b);
  g.b_hh = a.b_hh;
  if constexpr (Cell::has_cell_state) {
    g.c = state_before(plan, k, b, a.c0, a.cells);
    g.c_next = a.cells + row * H;
    g.dc = a.dc0 + b * H;
  }
  return g;
}

// out[i] += in[i] W_hh
template <class Cell>
inline void add_product(BackwardPlan<Cell>& plan, const float* const* in, float** out, const GradientRow* /*step*/,
                        std::int64_t rows, Range units) {
  multiply_rows(in, out, rows, plan.hidden_weights, {true, nullptr}, units.first, units.last);
}

// dh += dG W_hh for the rows of one step, or dh = 0 where the state before was reset.
template <class Cell>
inline void multiply_back(BackwardPlan<Cell>& plan, std::int64_t k, Range rows, const GradientRow* step, Range units,
                          int rank) {
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const std::int64_t count = rows.last - rows.first;
  const float** in = plan.pointers_of(rank);
  float** out = plan.dx_rows.data() + rank * plan.chunk_rows();
  for (std::int64_t i = 0; i < count; ++i) {
    in[i] = step[i].dg + Cell::hidden_section * H;
    out[i] = step[i].dh;
  }
  add_product(plan, in, out, step, count, units);
  if (a.resets == nullptr) return;
  for (std::int64_t i = 0; i < count; ++i) {
    if (a.resets[a.sequence.row(a.sequence.step(k), rows.first + i)] == 0) continue;
    for (std::int64_t j = units.first * lanes; j < smaller(H, units.last * lanes); ++j) {
      step[i].dh[j] = 0.0f;
      if constexpr (Cell::has_cell_state) step[i].dc[j] = 0.0f;
    }
  }
}

// What is left of a step once the gradients of the gates are known for all units.
template <class Cell>
inline void pass_back(BackwardPlan<Cell>& plan, std::int64_t k, Range rows, const GradientRow* step, Range units, int rank,
                      int /*size*/) {
  multiply_back(plan, k, rows, step, units, rank);
}

// The row whose saved values are fetched while row b of step k is worked on: the same sequence's before, which comes after
// this step's product; with LayerNorm, whose rows are twice as long, the very next. -1 where there is none.
template <class Cell>
inline std::int64_t next_to_differentiate(const Sequence& s, std::int64_t k, std::int64_t b, Range own) {
  if (HasLayerNorm<Cell> && b + 1 < own.last) return s.row(s.step(k), b + 1);
  return k > 0 ? s.row(s.step(k - 1), HasLayerNorm<Cell> ? own.first : b) : -1;
}

template <class Cell>
inline void backward_step(BackwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k, Range rows, Range units, int rank,
                          int size) {
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  GradientRow* step = plan.step_rows.data() + rank * a.sequence.batch;
  const Range own = rows_of_step(a.sequence, a.sequence.step(k), rows);
  for (std::int64_t b = own.first; b < own.last; ++b) {
    GradientRow& g = step[b - own.first];
    g = gradient_row(plan, k0, k, b);
    const std::int64_t next_row = next_to_differentiate<Cell>(a.sequence, k, b, own);
    const bool more = next_row >= 0;
    const float* next = a.gates + next_row * Cell::saved * H;
    if constexpr (HasExtras<Cell>) differentiate_row(plan, g, units, rank);
    for (std::int64_t u = units.first; u < units.last; ++u) {
      if constexpr (!HasExtras<Cell>) Cell::differentiate(g, u * lanes, H);
      if (!more) continue;
      for (int section = 0; section < Cell::saved; ++section) prefetch(next + section * H + u * lanes);
    }
    if constexpr (HasLayerNorm<Cell>) {
      if (more) prefetch(a.gates + moments_offset<Cell>(a, next_row));
    }
  }
  if (plan.split.by == By::units) plan.barrier.wait(rank, size);
  pass_back(plan, k, own, step, units, rank, size);
}

template <class Cell>
inline ChunkRows list_chunk(BackwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k1, int rank) {
  const Backward& a = plan.a;
  const std::int64_t most = plan.chunk_rows();
  const float** lists = plan.pointers_of(rank);
  std::int64_t* numbers = plan.numbers.data() + rank * 2 * most;
  float** dx = plan.dx_rows.data() + rank * most;
  ChunkRows rows{lists, lists + most, lists + 2 * most, lists + 3 * most, dx, numbers, numbers + most, 0};
  for (std::int64_t k = k0; k < k1; ++k) {
    const std::int64_t t = a.sequence.step(k);
    for (std::int64_t b = 0; b < a.sequence.rows(t); ++b, ++rows.count) {
      const std::int64_t row = a.sequence.row(t, b);
      rows.dg[rows.count] = plan.dg_row(k0, k, b);
      rows.x[rows.count] = a.x + row * a.input;
      rows.h[rows.count] = state_before(plan, k, b, a.h0, a.y);
      rows.row[rows.count] = row;
      rows.sequence[rows.count] = b;
      if constexpr (TwoPhase<Cell>) {
        rows.gated[rows.count] = a.gates + (row * Cell::saved + Cell::gated_section) * a.hidden;
      }
      rows.dx[rows.count] = a.dx != nullptr ? a.dx + row * a.input : nullptr;
    }
  }
  return rows;
}

typedef float unit_block __attribute__((vector_size(gradient_rows * 4)));
typedef float unaligned_unit_block __attribute__((vector_size(gradient_rows * 4), aligned(4), may_alias));

// Copies R neighbouring units of one section of dG to [depth][R], and adds their sum over the rows to the bias gradients.
template <class Cell>
inline void pack_section(BackwardPlan<Cell>& plan, const float* const* dg, std::int64_t depth, int section,
                         std::int64_t unit, float* out, bool add) {
  constexpr int R = gradient_rows;
  const Backward& a = plan.a;
  const std::int64_t count = smaller(R, a.hidden - unit);
  const std::int64_t column = section * a.hidden + unit;
  unit_block total{};
  for (std::int64_t i = 0; i < depth; ++i) {
    unit_block values{};
    if (count == R) [[likely]] {
      values = *reinterpret_cast<const unaligned_unit_block*>(dg[i] + column);
    } else {
      for (int r = 0; r < count; ++r) values[r] = dg[i][column + r];
    }
    *reinterpret_cast<unaligned_unit_block*>(out + i * R) = values;
    total += values;
  }
  const auto add_to = [&](float* bias, int gate) {
    if (gate < 0) return;
    float* to = bias + gate * a.hidden + unit;
    for (int r = 0; r < count; ++r) to[r] = add ? to[r] + total[r] : total[r];
  };
  if constexpr (HasLayerNorm<Cell>) return;  // biases stand behind the gains: add_gains
  add_to(a.db_ih, input_bias<Cell>(section));
  add_to(a.db_hh, hidden_bias<Cell>(section));
}

// The rows that W_hh met.
template <class Cell>
inline void pack_states(BackwardPlan<Cell>& plan, const ChunkRows& rows, std::int64_t first, std::int64_t depth,
                        std::int64_t u) {
  pack_panel(plan.h_columns, depth, u, [&](std::int64_t i) { return rows.h[first + i]; });
}

// dW_ih, dW_hh and the bias gradients of `depth` rows that start at `first`.
template <class Cell>
inline void add_gradients(BackwardPlan<Cell>& plan, const ChunkRows& rows, std::int64_t first, std::int64_t depth,
                          bool add, int rank, int size) {
  const Backward& a = plan.a;
  const std::int64_t x_panels = plan.x_columns.count();
  for (std::int64_t u = rank; u < x_panels + plan.h_columns.count(); u += size) {
    if (u < x_panels) {
      pack_panel(plan.x_columns, depth, u, [&](std::int64_t i) { return rows.x[first + i]; });
    } else {
      pack_states(plan, rows, first, depth, u - x_panels);
      if constexpr (TwoPhase<Cell>) {
        pack_panel(plan.gated_columns, depth, u - x_panels, [&](std::int64_t i) { return rows.gated[first + i]; });
      }
    }
  }
  plan.barrier.wait(rank, size);
  constexpr int R = gradient_rows;
  const std::int64_t blocks = blocks_of(a.hidden, R);
  for (std::int64_t block = rank; block < Cell::sections * blocks; block += size) {
    const int section = static_cast<int>(block / blocks);
    const std::int64_t unit = block % blocks * R;
    float* left = plan.dg_columns.data() + rank * plan.depth * R;
    pack_section(plan, rows.dg + first, depth, section, unit, left, add);
    const auto add_to = [&](float* dw, const Panels<1>& columns, int gate) {
      if (gate < 0) return;
      add_transposed_product(left, depth, columns, dw + (gate * a.hidden + unit) * columns.width,
                             smaller(R, a.hidden - unit), add);
    };
    add_to(a.dw_ih, plan.x_columns, Cell::input_gate(section));
    if constexpr (TwoPhase<Cell>) {
      add_to(a.dw_hh, section == late_section<Cell>() ? plan.gated_columns : plan.h_columns, Cell::hidden_gate(section));
    } else {
      add_to(a.dw_hh, plan.h_columns, Cell::hidden_gate(section));
    }
  }
  plan.barrier.wait(rank, size);
}

template <class Cell>
inline void finish_chunk(BackwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k1, bool add, int rank, int size) {
  const Backward& a = plan.a;
  const ChunkRows rows = list_chunk(plan, k0, k1, rank);
  if (a.dx != nullptr) {
    const Range own = share(rows.count, rank, size);
    multiply_rows(rows.dg + own.first, rows.dx + own.first, own.last - own.first, plan.input_weights, {false, nullptr}, 0,
                  plan.input_weights.count());
  }
  for (std::int64_t first = 0; first < rows.count; first += plan.depth) {
    const std::int64_t depth = smaller(plan.depth, rows.count - first);
    add_gradients(plan, rows, first, depth, add || first > 0, rank, size);
  }
  if constexpr (HasLayerNorm<Cell>) {
    add_gains(plan, rows, add, rank, size);
    plan.barrier.wait(rank, size);
  }
}

// The gradients of the last states are where dh and dc start.
inline void copy_or_zero(float* to, const float* from, Range range) {
  for (std::int64_t i = range.first; i < range.last; ++i) to[i] = from != nullptr ? from[i] : 0.0f;
}

template <class Cell>
inline void prepare_backward(BackwardPlan<Cell>& plan, int rank, int size) {
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const Range units = share(plan.hidden_weights.count(), rank, size);
  for (std::int64_t u = units.first; u < units.last; ++u) {
    pack_panel(plan.hidden_weights, plan.hidden_weights.depth, u, [&](std::int64_t k) {
      return a.w_hh + (Cell::hidden_gate(static_cast<int>(k / H) + Cell::hidden_section) * H + k % H) * H;
    });
    if constexpr (TwoPhase<Cell>) {
      pack_panel(plan.late_weights, H, u, [&](std::int64_t k) {
        return a.w_hh + (Cell::hidden_gate(late_section<Cell>()) * H + k) * H;
      });
    }
  }
  const Range columns = a.dx != nullptr ? share(plan.input_weights.count(), rank, size) : Range{0, 0};
  for (std::int64_t u = columns.first; u < columns.last; ++u) {
    pack_panel(plan.input_weights, plan.input_weights.depth, u, [&](std::int64_t k) {
      return a.w_ih + (Cell::input_gate(static_cast<int>(k / H)) * H + k % H) * a.input;
    });
  }
  const Range states = share(a.sequence.batch * H, rank, size);
  copy_or_zero(a.dh0, a.dh_n, states);
  if constexpr (Cell::has_cell_state) copy_or_zero(a.dc0, a.dc_n, states);
}

template <class Cell>
inline void run_backward(const Backward& a, int threads) {
  if (a.dx != nullptr) {
    prefer_large_pages(a.dx, static_cast<std::size_t>(a.sequence.total_rows() * a.input) * sizeof(float));
  }
  BackwardPlan<Cell> plan(a, threads);
  auto body = [&](int rank, int size) {
    prepare_backward(plan, rank, size);
    plan.barrier.wait(rank, size);
    const bool by_rows = plan.split.by == By::rows;
    const Range all_units{0, plan.hidden_weights.count()};
    const Range units = by_rows ? all_units : share(all_units.last, rank, size);
    const Range rows = by_rows ? row_share(a.sequence, rank, size) : Range{0, a.sequence.batch};
    for (std::int64_t k1 = a.sequence.steps; k1 > 0; k1 -= plan.chunk) {
      const std::int64_t k0 = larger(0, k1 - plan.chunk);
      for (std::int64_t k = k1 - 1; k >= k0; --k) backward_step(plan, k0, k, rows, units, rank, size);
      plan.barrier.wait(rank, size);
      finish_chunk(plan, k0, k1, k1 < a.sequence.steps, rank, size);
    }
  };
  parallel(plan.split.threads, body);
}

}  // namespace gatelet::GATELET_ISA
