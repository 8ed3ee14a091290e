// One step of backward with extras, and the gradients of LayerNorm's gains.
#pragma once

#include "backward.h"
#include "forward.h"
#include "layer_norm.h"

namespace gatelet::GATELET_ISA {

template <HasLayerNorm Cell>
inline NormalisedRow<Cell> saved_row(const Backward& a, std::int64_t row) {
  NormalisedRow<Cell> found{a.gates + row * Cell::saved * a.hidden, {}};
  std::memcpy(found.moments, a.gates + moments_offset<Cell>(a, row), sizeof found.moments);
  return found;
}

template <HasExtras Cell>
inline void differentiate_row(BackwardPlan<Cell>& plan, const GradientRow& g, Range units, int) {
  const Zone zone(plan.a, g.step, g.sequence);
  for (std::int64_t u = units.first; u < units.last; ++u) Cell::differentiate(g, u * lanes, plan.a.hidden, zone);
}

// From the gradient da of LN(u) * gain to that of u:  with dn = da * gain and n = (u - mean) * scale,
//   du = (dn - mean(dn) - n * mean(dn * n)) * scale
// for the units given; the means are over the whole row.
GATELET_INLINE void pass_layer_norm(const float* da, const float* u, const float* gain, Moments m, std::int64_t H, Range units,
                                    float* du) {
  vec sum{}, product{};
  for_blocks_of_row(H, [&](std::int64_t j, std::int64_t count) {
    const vec dn = load(da + j, count) * load(gain + j, count);
    sum += dn;
    product += dn * (load(u + j, count) - m.mean);
  });
  const float share = 1.0f / static_cast<float>(H);
  const float offset = -total(sum) * share * m.scale;
  const float slope = -total(product) * share * m.scale * m.scale * m.scale;
  for (std::int64_t j = units.first * lanes; j < smaller(H, units.last * lanes); j += lanes) {
    const std::int64_t count = H - j;
    const vec dn = load(da + j, count) * load(gain + j, count);
    store(du + j, dn * m.scale + ((load(u + j, count) - m.mean) * slope + offset), count);
  }
}

// The sections first .. last of dG, the products' gradients, from those of the same gates behind them.
template <HasLayerNorm Cell>
inline void pass_layer_norms(BackwardPlan<Cell>& plan, const GradientRow& g, Range units, int first = 0,
                             int last = Cell::sections) {
  constexpr int G = Cell::gates;
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const NormalisedRow<Cell> row = saved_row<Cell>(a, g.row);
  const float* da = g.dg + Cell::sections * H;
  for (int section = first; section < last; ++section) {
    const bool of_input = section < G;
    const int gate = of_input ? Cell::input_gate(section) : Cell::hidden_gate(section);
    const int from = of_input ? section : section - G + Cell::first_hidden;
    const int product = of_input ? gate : G + gate;
    pass_layer_norm(da + from * H, row.products + product * H, (of_input ? a.layer_norm_ih : a.layer_norm_hh) + gate * H,
                    row.moments[product], H, units, g.dg + section * H);
  }
}

// Where the cell's own equations read gates and write the gradients of what went into them: the last sections of dG.
template <HasLayerNorm Cell>
inline GradientRow inner_row(BackwardPlan<Cell>& plan, const GradientRow& g, float* gates) {
  GradientRow inner = g;
  inner.gates = gates;
  inner.dg = g.dg + Cell::sections * plan.a.hidden;
  return inner;
}

// The gates once more from the saved products, and the gradients of what went into them.
template <HasLayerNorm Cell>
inline void differentiate_row(BackwardPlan<Cell>& plan, const GradientRow& g, Range units, int) {
  constexpr int G = Cell::gates;
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const NormalisedRow<Cell> row = saved_row<Cell>(a, g.row);
  const GradientRow inner = inner_row(plan, g, nullptr);
  const Zone zone(a, g.step, g.sequence);
  for (std::int64_t u = units.first; u < units.last; ++u) {
    vec from_x[G], from_h[G];
    row.apply_to_inputs(a, plan.extras.input_bias.data(), u * lanes, from_x);
    row.template apply_to_states<G>(a, plan.extras.hidden_bias.data(), u * lanes, from_h);
    Cell::Base::differentiate(inner, Cell::activate(from_x, from_h), u * lanes, H, zone);
  }
  if (plan.split.by == By::rows) pass_layer_norms(plan, g, units);
}

// Where threads share the units, the means over a row have to wait for all of them.
template <HasLayerNorm Cell>
inline void pass_back(BackwardPlan<Cell>& plan, std::int64_t k, Range rows, const GradientRow* step, Range units, int rank,
                      int size) {
  if (plan.split.by == By::units) {
    for (std::int64_t i = 0; i < rows.last - rows.first; ++i) pass_layer_norms(plan, step[i], units);
    plan.barrier.wait(rank, size);
  }
  multiply_back(plan, k, rows, step, units, rank);
}

// dh += mask * (dG W_hh)
template <HasExtras Cell>
inline void add_product(BackwardPlan<Cell>& plan, const float* const* in, float** out, const GradientRow* step,
                        std::int64_t rows, Range units) {
  const std::int64_t H = plan.a.hidden;
  if (plan.a.dropout_mask == nullptr) {
    multiply_rows(in, out, rows, plan.hidden_weights, {true, nullptr}, units.first, units.last);
    return;
  }
  for (std::int64_t i = 0; i < rows; ++i) out[i] = plan.extras.products.data() + step[i].sequence * H;
  multiply_rows(in, out, rows, plan.hidden_weights, {false, nullptr}, units.first, units.last);
  for (std::int64_t i = 0; i < rows; ++i) {
    const float* mask = plan.a.dropout_mask + step[i].sequence * H;
    for (std::int64_t j = units.first * lanes; j < smaller(H, units.last * lanes); j += lanes) {
      const std::int64_t count = H - j;
      store(step[i].dh + j, load(step[i].dh + j, count) + load(mask + j, count) * load(out[i] + j, count), count);
    }
  }
}

template <HasExtras Cell>
inline void pack_states(BackwardPlan<Cell>& plan, const ChunkRows& rows, std::int64_t first, std::int64_t depth,
                        std::int64_t u) {
  pack_panel(plan.h_columns, depth, u, [&](std::int64_t i) { return rows.h[first + i]; });
  if (plan.a.dropout_mask == nullptr) return;
  const std::int64_t H = plan.a.hidden, j = u * lanes;
  float* to = plan.h_columns.panel(u);
  for (std::int64_t i = 0; i < depth; ++i) {
    const float* mask = plan.a.dropout_mask + rows.sequence[first + i] * H;
    store(to + i * lanes, load(to + i * lanes) * load(mask + j, H - j));
  }
}

// The gradients of biases and gains: sums over the rows of a chunk of da, da * LN(W_ih x) and da * LN(W_hh h).
template <HasLayerNorm Cell>
inline void add_gains(BackwardPlan<Cell>& plan, const ChunkRows& rows, bool add, int rank, int size) {
  using Base = typename Cell::Base;
  constexpr int G = Cell::gates, S = Base::sections;
  const Backward& a = plan.a;
  const std::int64_t H = a.hidden;
  const Range blocks = share(blocks_of(H, lanes), rank, size);
  for (std::int64_t j = blocks.first * lanes; j < blocks.last * lanes; j += lanes) {
    const std::int64_t count = H - j;
    vec sum[S] = {}, x_sum[S] = {}, h_sum[S] = {};
    for (std::int64_t i = 0; i < rows.count; ++i) {
      const float* da = rows.dg[i] + Cell::sections * H + j;
      const float* products = a.gates + rows.row[i] * Cell::saved * H + j;
      const float* moments = a.gates + moments_offset<Cell>(a, rows.row[i]);
      const auto n = [&](int gate) {
        return normalised(products + gate * H, count, {moments[2 * gate], moments[2 * gate + 1]});
      };
#pragma GCC unroll 4
      for (int section = 0; section < S; ++section) {
        const vec gradient = load(da + section * H, count);
        sum[section] += gradient;
        if (Base::input_gate(section) >= 0) x_sum[section] += gradient * n(Base::input_gate(section));
        if (Base::hidden_gate(section) >= 0) h_sum[section] += gradient * n(G + Base::hidden_gate(section));
      }
    }
    const auto add_to = [&](float* to, int gate, vec found) {
      if (gate < 0) return;
      to += gate * H + j;
      store(to, add ? load(to, count) + found : found, count);
    };
    for (int section = 0; section < S; ++section) {
      add_to(a.db_ih, Base::input_gate(section), sum[section]);
      add_to(a.db_hh, Base::hidden_gate(section), sum[section]);
      add_to(a.dlayer_norm_ih, Base::input_gate(section), x_sum[section]);
      add_to(a.dlayer_norm_hh, Base::hidden_gate(section), h_sum[section]);
    }
  }
}

}  // namespace gatelet::GATELET_ISA
