// The LSTM: what happens to one block of units once its recurrent products are known.
//
//   i = s(a_i)    f = s(a_f)    g = tanh(a_g)    o = s(a_o)    c' = f * c + i * g    h' = o * tanh(c')
//
// a_* = W_ih x + b_ih + W_hh h + b_hh; everything but W_hh h is in the projected inputs.
#pragma once

#include "backward.h"
#include "forward.h"

namespace gatelet::GATELET_ISA {

struct Lstm {
  static constexpr int gates = 4;
  static constexpr int saved = 4;  // sections of H that forward leaves for backward: i, f, g, o
  static constexpr bool has_cell_state = true;
  static constexpr bool takes_extras = true;
  static constexpr int sections = 4;  // di, df, dg, do: all of them meet W_ih and W_hh
  static constexpr int hidden_section = 0;

  static constexpr bool adds_hidden_bias_outside(int) { return true; }
  static constexpr int input_gate(int section) { return section; }
  static constexpr int hidden_gate(int section) { return section; }

  struct Gates {
    vec i, f, g, o;
  };

  // From W_ih x and W_hh h of the four gates, with the biases in either.
  GATELET_INLINE static Gates activate(const vec* from_x, const vec* from_h) {
    return {sigmoid(from_x[0] + from_h[0]), sigmoid(from_x[1] + from_h[1]), tanh(from_x[2] + from_h[2]),
            sigmoid(from_x[3] + from_h[3])};
  }

  // The states after the step, units j .. j + lanes of one row.
  template <class Row, class Zone = NoZone>
  GATELET_INLINE static void advance(const Row& s, const Gates& v, std::int64_t j, std::int64_t H, const Zone& zone = {}) {
    const std::int64_t count = H - j;
    const vec c_before = load(s.c + j, count);
    const vec kept = v.f * c_before;
    const vec c = kept + v.i * v.g;
    store(s.c_next + j, zone.mix(1, j, c_before, c), count);
    const vec h_before = Zone::none ? vec{} : load(s.h + j, count);
    store(s.y + j, zone.mix(0, j, h_before, v.o * tanh(c)), count);
  }

  // `sum` holds W_hh h of the four gates; the rest of them is read from memory, and what backward needs is left there.
  template <class Row, class Zone = NoZone>
  GATELET_INLINE static void finish(const Row& s, const vec* sum, std::int64_t j, std::int64_t H, bool save,
                                    const Zone& zone = {}) {
    const std::int64_t count = H - j;
    const auto gates = s.gates + j;
    const vec from_x[] = {load(gates, count), load(gates + H, count), load(gates + 2 * H, count), load(gates + 3 * H, count)};
    const Gates v = activate(from_x, sum);
    advance(s, v, j, H, zone);
    if (save) {
      store(gates, v.i, count);
      store(gates + H, v.f, count);
      store(gates + 2 * H, v.g, count);
      store(gates + 3 * H, v.o, count);
    }
  }

  template <class Row, class Zone = NoZone>
  GATELET_INLINE static void differentiate(const Row& d, std::int64_t j, std::int64_t H, const Zone& zone = {}) {
    const std::int64_t count = H - j;
    const auto gates = d.gates + j;
    differentiate(d, {load(gates, count), load(gates + H, count), load(gates + 2 * H, count), load(gates + 3 * H, count)}, j,
                  H, zone);
  }

  // The gradients of what went into the gates, and what of those of the states passes to the states before directly.
  template <class Row, class Zone = NoZone>
  GATELET_INLINE static void differentiate(const Row& d, const Gates& v, std::int64_t j, std::int64_t H, const Zone& zone) {
    const std::int64_t count = H - j;
    const auto [i, f, g, o] = v;
    const vec c_before = load(d.c + j, count);
    const vec squashed = tanh(Zone::none ? load(d.c_next + j, count) : f * c_before + i * g);  // before zoneout
    vec dh = load(d.dh + j, count);
    if (d.dy != nullptr) dh += load(d.dy + j, count);
    const vec kept_h = zone.kept(0, j, dh);
    dh -= kept_h;
    vec dc = load(d.dc + j, count);
    const vec kept_c = zone.kept(1, j, dc);
    dc = dc - kept_c + dh * o * (1.0f - squashed * squashed);
    store(d.dg + j, dc * g * (i * (1.0f - i)), count);
    store(d.dg + H + j, dc * c_before * (f * (1.0f - f)), count);
    store(d.dg + 2 * H + j, dc * i * (1.0f - g * g), count);
    store(d.dg + 3 * H + j, dh * squashed * (o * (1.0f - o)), count);
    store(d.dc + j, Zone::none ? dc * f : dc * f + kept_c, count);
    store(d.dh + j, kept_h, count);
  }
};

}  // namespace gatelet::GATELET_ISA
