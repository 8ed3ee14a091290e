// What a cell may say of itself that most cells need not say.
#pragma once

#include <type_traits>

#include "panels.h"

namespace gatelet::GATELET_ISA {

// Its last `late_gates` gates have a recurrent product of their own, over the gated state (two_phase.h).
template <class Cell>
concept TwoPhase = requires { Cell::late_gates; };

// b_ih and b_hh are values that its epilogue reads, unit by unit, and are not added to any product.
template <class Cell>
concept HasUnitValues = requires { Cell::has_unit_values; };

// The layer with the biases that are added to products.
template <class Cell>
Layer with_added_biases(const Layer& a) {
  Layer layer = a;
  if constexpr (HasUnitValues<Cell>) layer.b_ih = layer.b_hh = nullptr;
  return layer;
}

// Gates whose recurrent product reads the state itself.
template <class Cell>
constexpr int early_gates() {
  if constexpr (TwoPhase<Cell>) return Cell::gates - Cell::late_gates;
  return Cell::gates;
}

struct NoPanels {
  NoPanels(std::int64_t, std::int64_t) {}
};

// Takes no room where there is no second product.
template <class Cell>
using LatePanels = std::conditional_t<TwoPhase<Cell>, Panels<1>, NoPanels>;

// Which part of db_ih or db_hh sums up a section of dG, or -1: usually that of the gate whose weights it meets.
template <class Cell>
constexpr int input_bias(int section) {
  if constexpr (HasUnitValues<Cell>) return Cell::input_bias(section);
  else return Cell::input_gate(section);
}

template <class Cell>
constexpr int hidden_bias(int section) {
  if constexpr (HasUnitValues<Cell>) return Cell::hidden_bias(section);
  else return Cell::hidden_gate(section);
}

}  // namespace gatelet::GATELET_ISA
