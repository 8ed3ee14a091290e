// What may act on a cell besides its equations: LayerNorm on its products, recurrent dropout, zoneout.
//
// A cell that takes them says `takes_extras`, and its `finish` and `differentiate` take a zone, of which they ask how much of
// the old state is kept. The plain cell, which most calls want, is compiled without any of it; `Extended<Cell>` with dropout
// and zoneout; `Normalised<Cell>` with those and LayerNorm.
#pragma once

#include <type_traits>

#include "split.h"
#include "traits.h"

namespace gatelet::GATELET_ISA {

template <class Cell>
concept TakesExtras = Cell::takes_extras;

template <class Cell>
struct Extended : Cell {
  static constexpr bool extended = true;
};

// Saved are the products as they are before they are normalised, W_ih x and then W_hh h, G sections each; backward repeats
// the epilogue. That is less to keep than gates and products, and as fast.
//
// The gradients of the two products differ in every gate, so dG has G sections for W_ih and G for W_hh, in the cell's order.
// A cell with two products in a step keeps the gated state behind the products.
template <class Cell>
struct Normalised : Extended<Cell> {
  using Base = Cell;
  static constexpr bool normalised = true;
  static constexpr int first_hidden = TwoPhase<Cell> ? 0 : Cell::hidden_section;  // the cell's first section of W_hh's
  static constexpr int gated_section = 2 * Cell::gates;
  static constexpr int saved = 2 * Cell::gates + (TwoPhase<Cell> ? 1 : 0);
  static constexpr int sections = 2 * Cell::gates;
  static constexpr int hidden_section = Cell::gates + (TwoPhase<Cell> ? 1 : 0);

  static constexpr int input_gate(int section) { return section < Cell::gates ? Cell::input_gate(section) : -1; }
  static constexpr int hidden_gate(int section) {
    return section < Cell::gates ? -1 : Cell::hidden_gate(section - Cell::gates + first_hidden);
  }
};

template <class Cell>
concept HasExtras = requires { Cell::extended; };

template <class Cell>
concept HasLayerNorm = HasExtras<Cell> && requires { Cell::normalised; };

// Sections in a row of dG: with LayerNorm also the gradients of what follows it, the cell's own sections.
template <class Cell>
constexpr int stored_sections() {
  if constexpr (HasLayerNorm<Cell>) return Cell::sections + Cell::Base::sections;
  return Cell::sections;
}

// How often threads that share the hidden units wait for each other in a step, each way: before its end or, going back, before
// dh = dG W_hh; for each of two products; and with LayerNorm for the means of each.
template <class Cell>
constexpr int barriers_of_step() {
  return (TwoPhase<Cell> ? 2 : 1) * (HasLayerNorm<Cell> ? 2 : 1);
}

// Of a two-phase cell, the section of dG that meets the candidate's part of W_hh.
template <class Cell>
constexpr int late_section() {
  return HasLayerNorm<Cell> ? Cell::gates : 0;
}

// The moments of a row (layer_norm.h) lie behind the saved products of all rows.
template <class Cell>
inline std::int64_t moments_offset(const Layer& a, std::int64_t row) {
  constexpr std::int64_t floats = 4 * Cell::gates;  // G of x, G of h, two floats each
  return a.sequence.total_rows() * Cell::saved * a.hidden + row * floats;
}

// Zoneout at rest: the plain cell's.
struct NoZone {
  static constexpr bool none = true;

  GATELET_INLINE static vec mix(int, std::int64_t, vec, vec fresh) { return fresh; }
  GATELET_INLINE static vec kept(int, std::int64_t, vec) { return vec{}; }
};

inline std::uint64_t mix64(std::uint64_t v) {
  v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9u;
  v = (v ^ (v >> 27)) * 0x94D049BB133111EBu;
  return v ^ (v >> 31);
}

// The zoneout of one row. The same hash as gatelet.kernels.zoneout: a key of two words per row, hashed with the unit.
class Zone {
 public:
  static constexpr bool none = false;

  Zone(const Layer& a, std::int64_t step, std::int64_t sequence)
      : rate_(static_cast<float>(a.zoneout)),
        threshold_(static_cast<std::uint32_t>(a.zoneout * 16777216.0)),
        on_(a.zoneout > 0.0),
        draws_(a.zoneout_seed != nullptr) {
    if (!draws_) return;
    for (std::uint64_t stream = 0; stream < 2; ++stream) {
      const std::uint64_t key = mix64(static_cast<std::uint64_t>(*a.zoneout_seed) + (stream + 1) * 0x9E3779B97F4A7C15u);
      key_[stream] = mix64(key ^ ((static_cast<std::uint64_t>(step) << 32) + static_cast<std::uint64_t>(sequence)));
    }
  }

  // Units j .. j + lanes after the step; stream 0 is h, 1 is c.
  GATELET_INLINE vec mix(int stream, std::int64_t j, vec old, vec fresh) const {
    if (!on_) return fresh;
    return draws_ ? (drawn(stream, j) ? old : fresh) : fresh + rate_ * (old - fresh);
  }

  // What of the gradient of the state after the step belongs to the old state at once; the rest is the cell's.
  GATELET_INLINE vec kept(int stream, std::int64_t j, vec gradient) const {
    if (!on_) return vec{};
    return draws_ ? (drawn(stream, j) ? gradient : vec{}) : rate_ * gradient;
  }

 private:
  typedef std::int32_t truth __attribute__((vector_size(lanes * 4)));

  GATELET_INLINE truth drawn(int stream, std::int64_t j) const {
    bits v;
    for (int i = 0; i < lanes; ++i) v[i] = static_cast<std::uint32_t>(i);
    v = ((v + static_cast<std::uint32_t>(j)) * 0x9E3779B9u) ^ static_cast<std::uint32_t>(key_[stream]);
    v = (v ^ (v >> 16)) * 0x7FEB352Du;
    v = (v ^ (v >> 15)) ^ static_cast<std::uint32_t>(key_[stream] >> 32);
    v = v * 0x846CA68Bu;
    v = v ^ (v >> 16);
    return reinterpret_cast<truth>(v >> 8) < static_cast<std::int32_t>(threshold_);
  }

  float rate_;
  std::uint32_t threshold_;
  bool on_;
  bool draws_;
  std::uint64_t key_[2] = {0, 0};
};

// The zoneout of one row; nothing for the plain cell.
template <class Cell, class Row>
GATELET_INLINE auto zone_of(const Layer& a, const Row& row) {
  if constexpr (HasExtras<Cell>) {
    return Zone(a, row.step, row.sequence);
  } else {
    return NoZone{};
  }
}

// What a plan needs besides; nothing for the plain cell.
struct NoExtras {
  NoExtras(const Layer&, const Split&) {}
};

template <class Cell>
struct ForwardExtras {
  Buffer<float> masked;    // (threads, B, H) states times the dropout mask
  Buffer<float> products;  // (B, G H) W_hh h, if neither LayerNorm nor registers keep them
  Buffer<float> gates;     // (B, G H) from the first product of a step to its end, two-phase cells with LayerNorm only

  ForwardExtras(const Layer& a, const Split& split)
      : masked(a.dropout_mask != nullptr ? split.threads * a.sequence.batch * a.hidden : 0),
        products(HasLayerNorm<Cell> || TwoPhase<Cell> ? 0 : a.sequence.batch * Cell::gates * a.hidden),
        gates(HasLayerNorm<Cell> && TwoPhase<Cell> ? a.sequence.batch * Cell::gates * a.hidden : 0) {}
};

template <class Cell>
struct BackwardExtras {
  Buffer<float> products;  // (B, H) dG W_hh before the dropout mask

  BackwardExtras(const Layer& a, const Split&)
      : products(a.dropout_mask != nullptr ? a.sequence.batch * a.hidden : 0) {}
};

template <HasLayerNorm Cell>
struct BackwardExtras<Cell> {
  static constexpr int G = Cell::gates;
  static constexpr int columns = Cell::Base::saved + 1;

  Buffer<float> products;      // as above
  Buffer<float> gates;         // (B, columns, H) the gates of a step and a state that nobody reads, two-phase cells only
  Buffer<float> input_bias;    // panel order
  Buffer<float> hidden_bias;   // panel order

  BackwardExtras(const Layer& a, const Split&)
      : products(a.dropout_mask != nullptr ? a.sequence.batch * a.hidden : 0),
        gates(TwoPhase<Cell> ? a.sequence.batch * columns * a.hidden : 0),
        input_bias(blocks_of(a.hidden, lanes) * lanes * G),
        hidden_bias(blocks_of(a.hidden, lanes) * lanes * G) {
    pack_biases<Cell>(a, input_bias.data(), hidden_bias.data());
  }
};

template <class Cell>
using ExtrasOfForward = std::conditional_t<HasExtras<Cell>, ForwardExtras<Cell>, NoExtras>;
template <class Cell>
using ExtrasOfBackward = std::conditional_t<HasExtras<Cell>, BackwardExtras<Cell>, NoExtras>;

}  // namespace gatelet::GATELET_ISA
