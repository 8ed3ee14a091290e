// The backward pass over bfloat16 arrays: the frame of backward.h with other memory. dG is rounded once, as it is written,
// and every product reads it so; dh and dc between steps, and the sums of the weights' gradients, are floats.
#pragma once

#include "backward.h"
#include "half_forward.h"

namespace gatelet::GATELET_ISA {

// As GradientRow.
struct HalfGradientRow {
  const bf16* gates;
  const bf16* h;
  const bf16* c;
  const bf16* c_next;
  const bf16* dy;
  float* dh;
  float* dc;
  bf16* dg;
  std::int64_t step;
  std::int64_t sequence;
};

// As ChunkRows.
struct HalfChunkRows {
  const bf16** dg;
  const bf16** x;
  const bf16** h;
  bf16** dx;
  std::int64_t* sequence;
  std::int64_t count;
};

struct HalfBackwardExtras {
  Buffer<float> products;  // (B, H) dG W_hh before the dropout mask

  HalfBackwardExtras(const Layer& a, const Split&)
      : products(a.dropout_mask != nullptr ? a.sequence.batch * a.hidden : 0) {}
};

template <class Cell>
struct HalfBackwardPlan {
  static constexpr int G = Cell::gates;
  static constexpr int S = Cell::sections;
  static constexpr std::int64_t depth = 256;   // rows per deferred product
  static constexpr int R = gradient_rows;

  const Backward& a;
  Split split;
  std::int64_t chunk;
  PairPanels<1> input_weights;        // (G H, I), gates in the order of dG
  PairPanels<1> hidden_weights;       // (G H, H), gates in the order of dG
  PairPanels<1> x_columns;            // (depth, I)
  PairPanels<1> h_columns;            // (depth, H)
  Buffer<bf16> zeros;                 // (H) the state after a reset
  std::int64_t dg_stride;             // values between rows of dG: not a power of two
  Buffer<bf16> dg;                    // (chunk, B, dg_stride)
  Buffer<float> dh;                   // (B, H)
  Buffer<float> dc;                   // (B, H), LSTM only
  Buffer<float> dw_ih;                // (G H, I)
  Buffer<float> dw_hh;                // (G H, H)
  Buffer<float> db_ih;                // (G H)
  Buffer<float> db_hh;                // (G H)
  Buffer<std::uint32_t> dg_columns;   // per thread: R neighbouring units of dG, [pair of rows][R]
  Buffer<const bf16*> pointers;       // per thread: the three lists of HalfChunkRows; during a step, the rows of dG
  Buffer<bf16*> dx_rows;              // per thread
  Buffer<float*> dh_rows;             // per thread
  Buffer<std::int64_t> sequences;     // per thread: the list of HalfChunkRows
  Buffer<HalfGradientRow> step_rows;
  [[no_unique_address]] std::conditional_t<HasExtras<Cell>, HalfBackwardExtras, NoExtras> extras;
  Barrier barrier;

  HalfBackwardPlan(const Backward& a, int threads)
      : a(a),
        split(choose_split(a.sequence, a.hidden, G, threads, barriers_of_step<Cell>())),
        chunk(gradient_steps(a.sequence)),
        input_weights(G * a.hidden, a.input),
        hidden_weights(G * a.hidden, a.hidden),
        x_columns(depth, a.input),
        h_columns(depth, a.hidden),
        zeros(a.hidden),
        dg_stride(blocks_of(S * a.hidden, 32) * 32 + 32),
        dg(chunk * a.sequence.batch * dg_stride),
        dh(a.sequence.batch * a.hidden),
        dc(Cell::has_cell_state ? a.sequence.batch * a.hidden : 0),
        dw_ih(G * a.hidden * a.input),
        dw_hh(G * a.hidden * a.hidden),
        db_ih(G * a.hidden),
        db_hh(G * a.hidden),
        dg_columns(split.threads * depth / 2 * R),
        pointers(split.threads * 3 * chunk * a.sequence.batch),
        dx_rows(split.threads * chunk * a.sequence.batch),
        dh_rows(split.threads * a.sequence.batch),
        sequences(split.threads * chunk * a.sequence.batch),
        step_rows(split.threads * a.sequence.batch),
        extras(a, split) {
    for (std::int64_t j = 0; j < a.hidden; ++j) zeros[j] = {0};
  }

  std::int64_t chunk_rows() const { return chunk * a.sequence.batch; }
  const bf16** pointers_of(int rank) { return pointers.data() + rank * 3 * chunk_rows(); }
  bf16* dg_row(std::int64_t k0, std::int64_t k, std::int64_t b) {
    return dg.data() + ((k - k0) * a.sequence.batch + b) * dg_stride;
  }
  const bf16* state_before(std::int64_t k, std::int64_t b, const float* first, const float* states) {
    const std::int64_t row = a.sequence.row(a.sequence.step(k), b);
    if (a.resets != nullptr && a.resets[row] != 0) return zeros.data();
    const std::int64_t before = a.sequence.row_before(k, b);
    return before >= 0 ? halves_at(states) + before * a.hidden : halves_at(first) + b * a.hidden;
  }
};

template <class Cell>
inline HalfGradientRow gradient_row(HalfBackwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k, std::int64_t b) {
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const std::int64_t t = a.sequence.step(k);
  const std::int64_t row = a.sequence.row(t, b);
  HalfGradientRow g{};
  g.step = t, g.sequence = b;
  g.gates = halves_at(a.gates) + row * Cell::saved * H;
  g.h = plan.state_before(k, b, a.h0, a.y);
  g.dy = a.dy != nullptr ? halves_at(a.dy) + row * a.dy_stride : nullptr;
  g.dh = plan.dh.data() + b * H;
  g.dg = plan.dg_row(k0, k, b);
  if constexpr (Cell::has_cell_state) {
    g.c = plan.state_before(k, b, a.c0, a.cells);
    g.c_next = halves_at(a.cells) + row * H;
    g.dc = plan.dc.data() + b * H;
  }
  return g;
}

// dh += mask * out, for the units given
template <HasExtras Cell>
inline void add_masked(HalfBackwardPlan<Cell>& plan, const float* const* out, const HalfGradientRow* step, std::int64_t rows,
                       Range units) {
  const std::int64_t H = plan.a.hidden;
  for (std::int64_t i = 0; i < rows; ++i) {
    const bf16* mask = halves_at(plan.a.dropout_mask) + step[i].sequence * H;
    for (std::int64_t j = units.first * lanes; j < smaller(H, units.last * lanes); j += lanes) {
      const std::int64_t count = H - j;
      store(step[i].dh + j, load(step[i].dh + j, count) + load(mask + j, count) * load(out[i] + j, count), count);
    }
  }
}

// dh += dG W_hh for the rows of one step, or dh = 0 where the state before was reset.
template <class Cell>
inline void multiply_back(HalfBackwardPlan<Cell>& plan, std::int64_t k, Range rows, const HalfGradientRow* step,
                          Range units, int rank) {
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const std::int64_t count = rows.last - rows.first;
  const bf16** in = plan.pointers_of(rank);
  float** out = plan.dh_rows.data() + rank * a.sequence.batch;
  const bool masked = HasExtras<Cell> && a.dropout_mask != nullptr;
  for (std::int64_t i = 0; i < count; ++i) {
    in[i] = step[i].dg + Cell::hidden_section * H;
    out[i] = step[i].dh;
    if constexpr (HasExtras<Cell>) {
      if (masked) out[i] = plan.extras.products.data() + step[i].sequence * H;
    }
  }
  multiply_pairs(in, out, count, plan.hidden_weights, !masked, nullptr, units.first, units.last);
  if constexpr (HasExtras<Cell>) {
    if (masked) add_masked(plan, out, step, count, units);
  }
  if (a.resets == nullptr) return;
  for (std::int64_t i = 0; i < count; ++i) {
    if (a.resets[a.sequence.row(a.sequence.step(k), rows.first + i)] == 0) continue;
    for (std::int64_t j = units.first * lanes; j < smaller(H, units.last * lanes); ++j) {
      step[i].dh[j] = 0.0f;
      if constexpr (Cell::has_cell_state) step[i].dc[j] = 0.0f;
    }
  }
}

template <class Cell>
inline void backward_step(HalfBackwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k, Range rows, Range units,
                          int rank, int size) {
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  HalfGradientRow* step = plan.step_rows.data() + rank * a.sequence.batch;
  const Range own = rows_of_step(a.sequence, a.sequence.step(k), rows);
  const bool more = k > 0;
  for (std::int64_t b = own.first; b < own.last; ++b) {
    HalfGradientRow& g = step[b - own.first];
    g = gradient_row(plan, k0, k, b);
    const std::int64_t next_row = more ? a.sequence.row(a.sequence.step(k - 1), b) : 0;
    const bf16* next = halves_at(a.gates) + next_row * Cell::saved * H;
    const auto zone = zone_of<Cell>(a, g);
    for (std::int64_t u = units.first; u < units.last; ++u) {
      Cell::differentiate(g, u * lanes, H, zone);
      if (!more) continue;
      for (int section = 0; section < Cell::saved; ++section) prefetch(next + section * H + u * lanes);
    }
  }
  if (plan.split.by == By::units) plan.barrier.wait(rank, size);
  multiply_back(plan, k, own, step, units, rank);
}

template <class Cell>
inline HalfChunkRows list_chunk(HalfBackwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k1, int rank) {
  const Backward& a = plan.a;
  const std::int64_t most = plan.chunk_rows();
  const bf16** lists = plan.pointers_of(rank);
  std::int64_t* sequences = plan.sequences.data() + rank * most;
  HalfChunkRows rows{lists, lists + most, lists + 2 * most, plan.dx_rows.data() + rank * most, sequences, 0};
  for (std::int64_t k = k0; k < k1; ++k) {
    const std::int64_t t = a.sequence.step(k);
    for (std::int64_t b = 0; b < a.sequence.rows(t); ++b, ++rows.count) {
      const std::int64_t row = a.sequence.row(t, b);
      rows.dg[rows.count] = plan.dg_row(k0, k, b);
      rows.x[rows.count] = halves_at(a.x) + row * a.input;
      rows.h[rows.count] = plan.state_before(k, b, a.h0, a.y);
      rows.sequence[rows.count] = b;
      rows.dx[rows.count] = a.dx != nullptr ? halves_at(a.dx) + row * a.input : nullptr;
    }
  }
  return rows;
}

// As pack_section of backward.h, two rows side by side.
template <class Cell>
inline void pack_section(HalfBackwardPlan<Cell>& plan, const bf16* const* dg, std::int64_t depth, int section,
                         std::int64_t unit, std::uint32_t* out, bool add) {
  constexpr int R = gradient_rows;
  typedef std::uint16_t narrow __attribute__((vector_size(R * 2)));
  typedef std::uint32_t wide __attribute__((vector_size(R * 4)));
  const std::int64_t H = plan.a.hidden;
  const std::int64_t count = smaller(R, H - unit);
  const std::int64_t column = section * H + unit;
  unit_block total{};
  const auto row = [&](std::int64_t i) {
    narrow values{};
    if (i < depth) std::memcpy(&values, dg[i] + column, static_cast<std::size_t>(count) * sizeof(bf16));
    return __builtin_convertvector(values, wide);
  };
  for (std::int64_t i = 0; i < depth; i += 2, out += R) {
    const wide first = row(i), second = row(i + 1) << 16;
    const wide both = first | second;
    std::memcpy(out, &both, sizeof both);
    total += reinterpret_cast<unit_block>(first << 16) + reinterpret_cast<unit_block>(second);
  }
  const auto add_to = [&](float* bias, int gate) {
    if (gate < 0) return;
    float* to = bias + gate * H + unit;
    for (int r = 0; r < count; ++r) to[r] = add ? to[r] + total[r] : total[r];
  };
  add_to(plan.db_ih.data(), Cell::input_gate(section));
  add_to(plan.db_hh.data(), Cell::hidden_gate(section));
}

// As add_transposed_product.
inline void add_transposed_pairs(const std::uint32_t* left, std::int64_t depth, const PairPanels<1>& right, float* out,
                                 std::int64_t rows, bool add) {
  constexpr int R = gradient_rows;
  for_blocks<max_panels(R, 1)>(right.count(), [&]<int P>(std::int64_t u) {
    vec sum[R][P] = {};
    accumulate_pairs<R, P, 1>(PackedPairs<R>{left}, depth, right.panel(u), right.stride(), sum);
    for (int r = 0; r < rows && r < R; ++r) {
      for (int p = 0; p < P; ++p) {
        float* to = out + r * right.width + (u + p) * lanes;
        const std::int64_t count = right.width - (u + p) * lanes;
        store(to, add ? load(to, count) + sum[r][p] : sum[r][p], count);
      }
    }
  });
}

// The rows that W_hh met.
template <class Cell>
inline void pack_states(HalfBackwardPlan<Cell>& plan, const HalfChunkRows& rows, std::int64_t first, std::int64_t depth,
                        std::int64_t u) {
  if (!HasExtras<Cell> || plan.a.dropout_mask == nullptr) {
    pack_pairs(plan.h_columns, depth, u, [&](std::int64_t i) { return rows.h[first + i]; });
    return;
  }
  pack_pair_values(plan.h_columns, depth, u, [&](std::int64_t i) {
    const vec h = masked_state(plan.a, rows.h[first + i], rows.sequence[first + i], u * lanes);
    return __builtin_convertvector(rounded(h), bits);
  });
}

// dW_ih, dW_hh and the bias gradients of `depth` rows that start at `first`.
template <class Cell>
inline void add_gradients(HalfBackwardPlan<Cell>& plan, const HalfChunkRows& rows, std::int64_t first,
                          std::int64_t depth, bool add, int rank, int size) {
  const std::int64_t x_panels = plan.x_columns.count();
  for (std::int64_t u = rank; u < x_panels + plan.h_columns.count(); u += size) {
    if (u < x_panels) {
      pack_pairs(plan.x_columns, depth, u, [&](std::int64_t i) { return rows.x[first + i]; });
    } else {
      pack_states(plan, rows, first, depth, u - x_panels);
    }
  }
  plan.barrier.wait(rank, size);
  constexpr int R = gradient_rows;
  const std::int64_t H = plan.a.hidden, blocks = blocks_of(H, R);
  for (std::int64_t block = rank; block < Cell::sections * blocks; block += size) {
    const int section = static_cast<int>(block / blocks);
    const std::int64_t unit = block % blocks * R;
    std::uint32_t* left = plan.dg_columns.data() + rank * plan.depth / 2 * R;
    pack_section(plan, rows.dg + first, depth, section, unit, left, add);
    const auto add_to = [&](float* dw, const PairPanels<1>& columns, int gate) {
      if (gate < 0) return;
      float* to = dw + (gate * H + unit) * columns.width;
      add_transposed_pairs(left, depth, columns, to, smaller(R, H - unit), add);
    };
    add_to(plan.dw_ih.data(), plan.x_columns, Cell::input_gate(section));
    add_to(plan.dw_hh.data(), plan.h_columns, Cell::hidden_gate(section));
  }
  plan.barrier.wait(rank, size);
}

template <class Cell>
inline void finish_chunk(HalfBackwardPlan<Cell>& plan, std::int64_t k0, std::int64_t k1, bool add, int rank, int size) {
  const HalfChunkRows rows = list_chunk(plan, k0, k1, rank);
  if (plan.a.dx != nullptr) {
    const Range own = share(rows.count, rank, size);
    multiply_pairs(rows.dg + own.first, rows.dx + own.first, own.last - own.first, plan.input_weights, false, nullptr, 0,
                   plan.input_weights.count());
  }
  for (std::int64_t first = 0; first < rows.count; first += plan.depth) {
    const std::int64_t depth = smaller(plan.depth, rows.count - first);
    add_gradients(plan, rows, first, depth, add || first > 0, rank, size);
  }
}

template <class Cell>
inline void prepare_backward(HalfBackwardPlan<Cell>& plan, int rank, int size) {
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const Range units = share(plan.hidden_weights.count(), rank, size);
  for (std::int64_t u = units.first; u < units.last; ++u) {
    pack_pairs(plan.hidden_weights, plan.hidden_weights.depth, u, [&](std::int64_t k) {
      return halves_at(a.w_hh) + (Cell::hidden_gate(static_cast<int>(k / H) + Cell::hidden_section) * H + k % H) * H;
    });
  }
  const Range columns = a.dx != nullptr ? share(plan.input_weights.count(), rank, size) : Range{0, 0};
  for (std::int64_t u = columns.first; u < columns.last; ++u) {
    pack_pairs(plan.input_weights, plan.input_weights.depth, u, [&](std::int64_t k) {
      return halves_at(a.w_ih) + (Cell::input_gate(static_cast<int>(k / H)) * H + k % H) * a.input;
    });
  }
}

// A thread's part of an array of sums, rounded into the caller's.
inline void round_into(float* to, const float* from, std::int64_t count, int rank, int size) {
  const Range blocks = share(blocks_of(count, lanes), rank, size);
  for (std::int64_t i = blocks.first * lanes; i < blocks.last * lanes; i += lanes) {
    store(halves_at(to) + i, load(from + i, count - i), count - i);
  }
}

template <class Cell>
inline void run_half_backward(const Backward& a, int threads) {
  if (a.dx != nullptr) {
    prefer_large_pages(a.dx, static_cast<std::size_t>(a.sequence.total_rows() * a.input) * sizeof(bf16));
  }
  HalfBackwardPlan<Cell> plan(a, threads);
  auto body = [&](int rank, int size) {
    const std::int64_t H = a.hidden;
    prepare_backward(plan, rank, size);
    const bool by_rows = plan.split.by == By::rows;
    const Range all_units{0, plan.hidden_weights.count()};
    const Range units = by_rows ? all_units : share(all_units.last, rank, size);
    const Range rows = by_rows ? row_share(a.sequence, rank, size) : Range{0, a.sequence.batch};
    move_states(plan.dh.data(), a.dh_n != nullptr ? halves_at(a.dh_n) : nullptr, H, rows, units);
    if constexpr (Cell::has_cell_state) {
      move_states(plan.dc.data(), a.dc_n != nullptr ? halves_at(a.dc_n) : nullptr, H, rows, units);
    }
    plan.barrier.wait(rank, size);
    for (std::int64_t k1 = a.sequence.steps; k1 > 0; k1 -= plan.chunk) {
      const std::int64_t k0 = larger(0, k1 - plan.chunk);
      for (std::int64_t k = k1 - 1; k >= k0; --k) backward_step(plan, k0, k, rows, units, rank, size);
      plan.barrier.wait(rank, size);
      finish_chunk(plan, k0, k1, k1 < a.sequence.steps, rank, size);
    }
    move_states(halves_at(a.dh0), plan.dh.data(), H, rows, units);
    if constexpr (Cell::has_cell_state) move_states(halves_at(a.dc0), plan.dc.data(), H, rows, units);
    round_into(a.dw_ih, plan.dw_ih.data(), plan.G * H * a.input, rank, size);
    round_into(a.dw_hh, plan.dw_hh.data(), plan.G * H * H, rank, size);
    round_into(a.db_ih, plan.db_ih.data(), plan.G * H, rank, size);
    round_into(a.db_hh, plan.db_hh.data(), plan.G * H, rank, size);
  };
  parallel(plan.split.threads, body);
}

}  // namespace gatelet::GATELET_ISA
