// The forward pass over bfloat16 arrays: the frame of forward.h with other memory. What is multiplied is bfloat16 (x, the
// state as y has it, the weights); sums, gates and the state that one step hands to the next are floats, and never rounded.
#pragma once

#include "forward.h"
#include "pairs.h"

namespace gatelet::GATELET_ISA {

// The arrays of a call are bfloat16 where it says so, behind pointers to floats that nobody follows.
inline const bf16* halves_at(const float* p) { return reinterpret_cast<const bf16*>(p); }
inline bf16* halves_at(float* p) { return reinterpret_cast<bf16*>(p); }

// A state after a step: rounded for the caller (if it wants it), exact for the next step.
struct HalfState {
  bf16* rounded;
  float* exact;

  HalfState operator+(std::int64_t j) const { return {rounded != nullptr ? rounded + j : nullptr, exact + j}; }
};

GATELET_INLINE void store(HalfState to, vec v, std::int64_t count) {
  store(to.exact, v, count);
  if (to.rounded != nullptr) store(to.rounded, v, count);
}

// The gates of a row: projected inputs to be read, what backward needs to be written.
struct HalfGates {
  const float* projected;
  bf16* saved;

  HalfGates operator+(std::int64_t j) const { return {projected + j, saved != nullptr ? saved + j : nullptr}; }
};

GATELET_INLINE vec load(HalfGates from, std::int64_t count) { return load(from.projected, count); }
GATELET_INLINE void store(HalfGates to, vec v, std::int64_t count) { store(to.saved, v, count); }

// As StepRow.
struct HalfStepRow {
  const float* h;
  HalfGates gates;
  HalfState y;
  const float* c;
  HalfState c_next;
  std::int64_t step;
  std::int64_t sequence;
};

struct HalfForwardExtras {
  Buffer<bf16> masked;  // (threads, B, H) states times the dropout mask

  HalfForwardExtras(const Layer& a, const Split& split)
      : masked(a.dropout_mask != nullptr ? split.threads * a.sequence.batch * a.hidden : 0) {}
};

template <class Cell>
struct HalfForwardPlan {
  static constexpr int G = Cell::gates;

  const Forward& a;
  Split split;
  bool save;
  std::int64_t chunk;
  PairPanels<G> input_weights;
  PairPanels<G> hidden_weights;
  Buffer<float> input_bias;           // panel order
  Buffer<float> hidden_bias;          // panel order
  Buffer<float> zeros;                // (H) the state after a reset
  Buffer<float> states;               // (B, H) exact
  Buffer<float> cell_states;          // (B, H) exact, LSTM only
  Buffer<float> projected;            // (chunk, B, projected_stride)
  std::int64_t projected_stride;      // floats between rows: not a power of two
  Buffer<const bf16*> in_rows;        // per thread: x of one chunk; then the states before one step
  Buffer<float*> out_rows;            // per thread
  Buffer<HalfStepRow> step_rows;      // per thread: the rows of one step
  [[no_unique_address]] std::conditional_t<HasExtras<Cell>, HalfForwardExtras, NoExtras> extras;
  Barrier barrier;

  HalfForwardPlan(const Forward& a, int threads)
      : a(a),
        split(choose_split(a.sequence, a.hidden, G, threads, barriers_of_step<Cell>())),
        save(a.gates != nullptr),
        chunk(projected_steps(a.sequence, a.hidden, split)),
        input_weights(a.input, a.hidden),
        hidden_weights(a.hidden, a.hidden),
        input_bias(blocks_of(a.hidden, lanes) * lanes * G),
        hidden_bias(blocks_of(a.hidden, lanes) * lanes * G),
        zeros(a.hidden),
        states(a.sequence.batch * a.hidden),
        cell_states(Cell::has_cell_state ? a.sequence.batch * a.hidden : 0),
        projected(chunk * a.sequence.batch * (blocks_of(G * a.hidden, 16) * 16 + 16)),
        projected_stride(blocks_of(G * a.hidden, 16) * 16 + 16),
        in_rows(split.threads * chunk * a.sequence.batch),
        out_rows(split.threads * chunk * a.sequence.batch),
        step_rows(split.threads * a.sequence.batch),
        extras(a, split) {
    const auto bias = [](const float* b, std::int64_t i) { return b != nullptr ? as_float(halves_at(b)[i]) : 0.0f; };
    const std::int64_t H = a.hidden;
    pack_bias<G>(input_bias.data(), H, [&](int g, std::int64_t j) {
      return bias(a.b_ih, g * H + j) + (Cell::adds_hidden_bias_outside(g) ? bias(a.b_hh, g * H + j) : 0.0f);
    });
    pack_bias<G>(hidden_bias.data(), H, [&](int g, std::int64_t j) {
      return Cell::adds_hidden_bias_outside(g) ? 0.0f : bias(a.b_hh, g * H + j);
    });
    for (std::int64_t j = 0; j < H; ++j) zeros[j] = 0.0f;
  }

  float* projected_row(std::int64_t k0, std::int64_t k, std::int64_t b) {
    return projected.data() + ((k - k0) * a.sequence.batch + b) * projected_stride;
  }
};

template <class Cell>
inline void project_chunk(HalfForwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k1, Range rows, Range units,
                          int rank) {
  const Forward& a = plan.a;
  const bf16** in = plan.in_rows.data() + rank * plan.chunk * a.sequence.batch;
  float** out = plan.out_rows.data() + rank * plan.chunk * a.sequence.batch;
  std::int64_t count = 0;
  for (std::int64_t k = k0; k < k1; ++k) {
    const std::int64_t t = a.sequence.step(k);
    const Range own = rows_of_step(a.sequence, t, rows);
    for (std::int64_t b = own.first; b < own.last; ++b, ++count) {
      in[count] = halves_at(a.x) + a.sequence.row(t, b) * a.input;
      out[count] = plan.projected_row(k0, k, b);
    }
  }
  multiply_pairs(in, out, count, plan.input_weights, false, plan.input_bias.data(), units.first, units.last);
}

// Where row b of step k reads and writes, and in `h` the state before as it is multiplied.
template <class Cell>
inline HalfStepRow step_row(HalfForwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k, std::int64_t b,
                            const bf16*& h) {
  const Forward& a = plan.a;
  const std::int64_t H = a.hidden;
  const std::int64_t t = a.sequence.step(k);
  const std::int64_t row = a.sequence.row(t, b);
  const std::int64_t before = a.sequence.row_before(k, b);
  h = before >= 0 ? halves_at(a.y) + before * H : halves_at(a.h0) + b * H;
  float* state = plan.states.data() + b * H;
  HalfStepRow s{};
  s.h = state;
  s.gates = {plan.projected_row(k0, k, b), plan.save ? halves_at(a.gates) + row * Cell::saved * H : nullptr};
  s.y = {halves_at(a.y) + row * H, state};
  s.step = t, s.sequence = b;
  if constexpr (Cell::has_cell_state) {
    float* cell_state = plan.cell_states.data() + b * H;
    s.c = cell_state;
    s.c_next = {plan.save ? halves_at(a.cells) + row * H : nullptr, cell_state};
  }
  if (a.resets != nullptr && a.resets[row] != 0) {
    h = reinterpret_cast<const bf16*>(plan.zeros.data());
    s.h = plan.zeros.data();
    if constexpr (Cell::has_cell_state) s.c = plan.zeros.data();
  }
  return s;
}

// What W_hh meets of a state, rounded; units j .. j + lanes.
GATELET_INLINE vec masked_state(const Layer& a, const bf16* h, std::int64_t sequence, std::int64_t j) {
  return load(h + j, a.hidden - j) * load(halves_at(a.dropout_mask) + sequence * a.hidden + j, a.hidden - j);
}

// Row i of `h` becomes the masked state. Each thread makes the rows that it multiplies, all units of them.
template <HasExtras Cell>
inline void mask_states(HalfForwardPlan<Cell>& plan, const HalfStepRow* step, const bf16** h, std::int64_t rows, int rank) {
  const Forward& a = plan.a;
  const std::int64_t H = a.hidden;
  for (std::int64_t i = 0; i < rows; ++i) {
    bf16* masked = plan.extras.masked.data() + (rank * a.sequence.batch + step[i].sequence) * H;
    for (std::int64_t j = 0; j < H; j += lanes) store(masked + j, masked_state(a, h[i], step[i].sequence, j), H - j);
    h[i] = masked;
  }
}

template <class Cell>
inline void forward_step(HalfForwardPlan<Cell>& plan, const HalfStepRow* step, const bf16** h, std::int64_t rows,
                         Range units, int rank) {
  constexpr int G = Cell::gates;
  const std::int64_t H = plan.a.hidden;
  if constexpr (HasExtras<Cell>) {
    if (plan.a.dropout_mask != nullptr) mask_states(plan, step, h, rows, rank);
  }
  for_tiles<G>(rows, units.first, units.last, [&]<int R, int P>(std::int64_t row, std::int64_t u) {
    vec sum[R][P * G];
    for (int c = 0; c < P * G; ++c) {
      const vec bias = load(plan.hidden_bias.data() + (u * G + c) * lanes);
      for (int r = 0; r < R; ++r) sum[r][c] = bias;
    }
    accumulate_pairs<R, P, G>(PairRows<R>(h + row), H, plan.hidden_weights.panel(u), plan.hidden_weights.stride(), sum);
    for (int r = 0; r < R; ++r) {
      const HalfStepRow& s = step[row + r];
      const auto zone = zone_of<Cell>(plan.a, s);
      for (int p = 0; p < P; ++p) Cell::finish(s, &sum[r][p * G], (u + p) * lanes, H, plan.save, zone);
    }
  });
}

// Between the caller's states and the exact ones: `to` and `from` are rows of H, of which a thread moves its units.
template <class To, class From>
inline void move_states(To* to, const From* from, std::int64_t H, Range rows, Range units) {
  for (std::int64_t b = rows.first; b < rows.last; ++b) {
    for (std::int64_t u = units.first; u < units.last; ++u) {
      const std::int64_t j = u * lanes;
      store(to + b * H + j, from != nullptr ? load(from + b * H + j, H - j) : vec{}, H - j);
    }
  }
}

template <class Cell>
inline void run_half_forward(const Forward& a, int threads) {
  const std::size_t states = static_cast<std::size_t>(a.sequence.total_rows() * a.hidden) * sizeof(bf16);
  prefer_large_pages(a.y, states);
  if (a.gates != nullptr) prefer_large_pages(a.gates, Cell::saved * states);
  if (a.cells != nullptr) prefer_large_pages(a.cells, states);
  HalfForwardPlan<Cell> plan(a, threads);
  auto body = [&](int rank, int size) {
    const Range all_units{0, plan.hidden_weights.count()};
    const Range own_units = share(all_units.last, rank, size);
    for (std::int64_t u = own_units.first; u < own_units.last; ++u) {
      pack_gate_pairs(plan.input_weights, halves_at(a.w_ih), u);
      pack_gate_pairs(plan.hidden_weights, halves_at(a.w_hh), u);
    }
    const bool by_rows = plan.split.by == By::rows;
    const Range units = by_rows ? all_units : own_units;
    const Range rows = by_rows ? row_share(a.sequence, rank, size) : Range{0, a.sequence.batch};
    move_states(plan.states.data(), halves_at(a.h0), a.hidden, rows, units);
    if constexpr (Cell::has_cell_state) move_states(plan.cell_states.data(), halves_at(a.c0), a.hidden, rows, units);
    plan.barrier.wait(rank, size);
    HalfStepRow* step = plan.step_rows.data() + rank * a.sequence.batch;
    const bf16** h = plan.in_rows.data() + rank * plan.chunk * a.sequence.batch;
    for (std::int64_t k0 = 0; k0 < a.sequence.steps; k0 += plan.chunk) {
      const std::int64_t k1 = smaller(a.sequence.steps, k0 + plan.chunk);
      project_chunk(plan, k0, k1, rows, units, rank);
      for (std::int64_t k = k0; k < k1; ++k) {
        const Range own = rows_of_step(a.sequence, a.sequence.step(k), rows);
        for (std::int64_t b = own.first, i = 0; b < own.last; ++b, ++i) step[i] = step_row(plan, k0, k, b, h[i]);
        forward_step(plan, step, h, own.last - own.first, units, rank);
        if (!by_rows) plan.barrier.wait(rank, size);
      }
    }
    move_states(halves_at(a.h_n), plan.states.data(), a.hidden, rows, units);
    if constexpr (Cell::has_cell_state) move_states(halves_at(a.c_n), plan.cell_states.data(), a.hidden, rows, units);
  };
  parallel(plan.split.threads, body);
}

}  // namespace gatelet::GATELET_ISA
