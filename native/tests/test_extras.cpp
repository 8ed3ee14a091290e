// LayerNorm, zoneout and recurrent dropout in every instruction set that this machine has, against plain loops in double
// precision. Arrays have exactly the size that the kernels are promised.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "dispatch.h"

namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

struct Case {
  std::int64_t steps, batch, input, hidden;
  bool batch_first, reverse, packed, resets;
  bool layer_norm = false, dropout = false;
  double zoneout = 0.0;
  bool draws = false;  // zoneout draws, else it mixes
};

enum class Cell { gru, gru_reset_before, lstm };

const char* name_of(Cell cell) {
  return cell == Cell::gru ? "gru" : cell == Cell::lstm ? "lstm" : "gru_reset_before";
}

int gates_of(Cell cell) { return cell == Cell::lstm ? 4 : 3; }

// Floats that forward leaves for backward, per row.
std::int64_t saved_of(Cell cell, const Case& c) {
  if (!c.layer_norm) return 4 * c.hidden;
  return 2 * gates_of(cell) * (c.hidden + 2) + (cell == Cell::gru_reset_before ? c.hidden : 0);
}

// All arrays of one layer; outputs start as NaN.
struct Data {
  std::vector<std::int64_t> offsets;
  std::vector<std::uint8_t> resets;
  Floats x, h0, c0, w_ih, w_hh, b_ih, b_hh, gains_ih, gains_hh, mask, dy, dh_n, dc_n;
  std::int64_t seed = 12345;
  Floats y, h_n, c_n, gates, cells;
  Floats dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh, dgains_ih, dgains_hh;
};

Data make_data(const Case& c, Cell cell) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-0.5f, 0.5f);
  const auto values = [&](std::int64_t n) {
    Floats v(static_cast<std::size_t>(n));
    for (float& value : v) value = uniform(random);
    return v;
  };
  const auto poison = [](std::int64_t n) {
    return Floats(static_cast<std::size_t>(n), std::numeric_limits<float>::quiet_NaN());
  };
  Data d;
  std::int64_t rows = c.steps * c.batch;
  if (c.packed) {
    d.offsets.push_back(0);
    for (std::int64_t t = 0; t < c.steps; ++t) {
      d.offsets.push_back(d.offsets.back() + std::max<std::int64_t>(1, c.batch - t * c.batch / c.steps));
    }
    rows = d.offsets.back();
  }
  if (c.resets) {
    for (std::int64_t i = 0; i < rows; ++i) d.resets.push_back(i % 5 == 3);
  }
  const std::int64_t I = c.input, H = c.hidden, B = c.batch, G = gates_of(cell) * H;
  d.x = values(rows * I), d.h0 = values(B * H), d.c0 = values(B * H);
  d.w_ih = values(G * I), d.w_hh = values(G * H), d.b_ih = values(G), d.b_hh = values(G);
  d.gains_ih = values(G), d.gains_hh = values(G), d.mask = values(B * H);
  for (std::size_t i = 0; i < d.mask.size(); ++i) d.mask[i] = i % 3 == 0 ? 0.0f : 1.5f;
  for (std::size_t i = 0; i < d.gains_ih.size(); ++i) d.gains_ih[i] += 1.0f, d.gains_hh[i] += 1.0f;
  d.dy = values(rows * H), d.dh_n = values(B * H), d.dc_n = values(B * H);
  d.y = poison(rows * H), d.h_n = poison(B * H), d.c_n = poison(B * H);
  d.gates = poison(rows * saved_of(cell, c)), d.cells = poison(rows * H);
  d.dx = poison(rows * I), d.dh0 = poison(B * H), d.dc0 = poison(B * H);
  d.dw_ih = poison(G * I), d.dw_hh = poison(G * H), d.db_ih = poison(G), d.db_hh = poison(G);
  d.dgains_ih = poison(G), d.dgains_hh = poison(G);
  return d;
}

void fill_layer(gatelet::Layer& a, const Case& c, const Data& d) {
  a.sequence = {c.steps, c.batch, c.packed ? d.offsets.data() : nullptr, c.batch_first, c.reverse};
  a.input = c.input, a.hidden = c.hidden;
  a.x = d.x.data(), a.h0 = d.h0.data(), a.c0 = d.c0.data();
  a.w_ih = d.w_ih.data(), a.w_hh = d.w_hh.data(), a.b_ih = d.b_ih.data(), a.b_hh = d.b_hh.data();
  a.resets = c.resets ? d.resets.data() : nullptr;
  if (c.layer_norm) a.layer_norm_ih = d.gains_ih.data(), a.layer_norm_hh = d.gains_hh.data();
  if (c.dropout) a.dropout_mask = d.mask.data();
  if (c.draws) a.zoneout_seed = &d.seed;
  a.zoneout = c.zoneout;
}

void run(const gatelet::Kernels& kernels, Cell cell, const Case& c, Data& d, int threads) {
  gatelet::Forward f{};
  fill_layer(f, c, d);
  f.y = d.y.data(), f.h_n = d.h_n.data(), f.c_n = d.c_n.data(), f.gates = d.gates.data(), f.cells = d.cells.data();
  kernels.find(name_of(cell), false)->forward(f, threads);
  gatelet::Backward b{};
  fill_layer(b, c, d);
  b.dy_stride = c.hidden;
  b.y = d.y.data(), b.gates = d.gates.data(), b.cells = d.cells.data();
  b.dy = d.dy.data(), b.dh_n = d.dh_n.data(), b.dc_n = d.dc_n.data();
  b.dx = d.dx.data(), b.dh0 = d.dh0.data(), b.dc0 = d.dc0.data();
  b.dw_ih = d.dw_ih.data(), b.dw_hh = d.dw_hh.data(), b.db_ih = d.db_ih.data(), b.db_hh = d.db_hh.data();
  b.dlayer_norm_ih = d.dgains_ih.data(), b.dlayer_norm_hh = d.dgains_hh.data();
  kernels.find(name_of(cell), false)->backward(b, threads);
}

double sigmoid(double v) { return 1.0 / (1.0 + std::exp(-v)); }

std::uint64_t mix64(std::uint64_t v) {
  v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9u;
  v = (v ^ (v >> 27)) * 0x94D049BB133111EBu;
  return v ^ (v >> 31);
}

// What share of its old state unit j keeps; stream 0 is h, 1 is c. The hash is that of gatelet.kernels.zoneout.
double kept(const Case& c, const Data& d, int stream, std::int64_t t, std::int64_t b, std::int64_t j) {
  if (!c.draws) return c.zoneout;
  const auto stream_seed = static_cast<std::uint64_t>(d.seed) + (stream + 1u) * 0x9E3779B97F4A7C15u;
  const std::uint64_t key = mix64(mix64(stream_seed) ^ ((static_cast<std::uint64_t>(t) << 32) + b));
  std::uint32_t v = (static_cast<std::uint32_t>(j) * 0x9E3779B9u) ^ static_cast<std::uint32_t>(key);
  v = (v ^ (v >> 16)) * 0x7FEB352Du;
  v = ((v ^ (v >> 15)) ^ static_cast<std::uint32_t>(key >> 32)) * 0x846CA68Bu;
  v ^= v >> 16;
  return (v >> 8) < static_cast<std::uint32_t>(c.zoneout * 16777216.0) ? 1.0 : 0.0;
}

// W v + b, or LN(W v) * gain + b, each gate's H values normalised on their own.
Doubles product(const Case& c, const Floats& w, const Floats& gains, const Floats& bias, const Doubles& v) {
  const std::int64_t H = c.hidden;
  Doubles u(bias.size(), 0.0);
  for (std::size_t g = 0; g < u.size(); ++g) {
    for (std::size_t i = 0; i < v.size(); ++i) u[g] += w[g * v.size() + i] * v[i];
  }
  for (std::size_t first = 0; first < u.size() && c.layer_norm; first += H) {
    double mean = 0.0, variance = 0.0;
    for (std::int64_t j = 0; j < H; ++j) mean += u[first + j] / H;
    for (std::int64_t j = 0; j < H; ++j) variance += (u[first + j] - mean) * (u[first + j] - mean) / H;
    for (std::int64_t j = 0; j < H; ++j) u[first + j] = (u[first + j] - mean) / std::sqrt(variance + 1e-5) * gains[first + j];
  }
  for (std::size_t g = 0; g < u.size(); ++g) u[g] += bias[g];
  return u;
}

// The states of one sequence.
struct State {
  Doubles h, c;
};

// One step of sequence b, from the products of its input.
State after(Cell cell, const Case& c, const Data& d, const State& before, const Doubles& from_x, std::int64_t t, std::int64_t b) {
  const std::int64_t H = c.hidden;
  Doubles seen = before.h;
  for (std::int64_t j = 0; j < H && c.dropout; ++j) seen[j] *= d.mask[b * H + j];
  Doubles from_h = product(c, d.w_hh, d.gains_hh, d.b_hh, seen);
  const auto gate = [&](int g, std::int64_t j) { return sigmoid(from_x[g * H + j] + from_h[g * H + j]); };
  if (cell == Cell::gru_reset_before) {
    for (std::int64_t j = 0; j < H; ++j) seen[j] *= gate(0, j);
    const Doubles late = product(c, d.w_hh, d.gains_hh, d.b_hh, seen);
    std::copy(late.begin() + 2 * H, late.end(), from_h.begin() + 2 * H);
  }
  State fresh = before;
  for (std::int64_t j = 0; j < H; ++j) {
    if (cell == Cell::lstm) {
      fresh.c[j] = gate(1, j) * before.c[j] + gate(0, j) * std::tanh(from_x[2 * H + j] + from_h[2 * H + j]);
      fresh.h[j] = gate(3, j) * std::tanh(fresh.c[j]);
    } else {
      const double reset = cell == Cell::gru ? gate(0, j) : 1.0;
      const double n = std::tanh(from_x[2 * H + j] + reset * from_h[2 * H + j]);
      fresh.h[j] = (1.0 - gate(1, j)) * n + gate(1, j) * before.h[j];
    }
  }
  for (std::int64_t j = 0; j < H; ++j) {
    const double keep_h = kept(c, d, 0, t, b, j), keep_c = kept(c, d, 1, t, b, j);
    fresh.h[j] = keep_h * before.h[j] + (1.0 - keep_h) * fresh.h[j];
    fresh.c[j] = keep_c * before.c[j] + (1.0 - keep_c) * fresh.c[j];
  }
  return fresh;
}

// The loss whose gradients `run` computes, sum(y dy) + sum(h_n dh_n) + sum(c_n dc_n), and y, from the equations.
struct Reference {
  double loss = 0.0;
  Doubles y;
};

Reference evaluate(Cell cell, const Case& c, const Data& d) {
  const std::int64_t H = c.hidden, I = c.input;
  gatelet::Sequence s{c.steps, c.batch, c.packed ? d.offsets.data() : nullptr, c.batch_first, c.reverse};
  Reference out;
  out.y.resize(static_cast<std::size_t>(s.total_rows() * H));
  std::vector<State> states;
  for (std::int64_t b = 0; b < c.batch; ++b) {
    const std::int64_t i = b * H;
    states.push_back({{d.h0.begin() + i, d.h0.begin() + i + H}, {d.c0.begin() + i, d.c0.begin() + i + H}});
  }
  for (std::int64_t k = 0; k < c.steps; ++k) {
    const std::int64_t t = s.step(k);
    for (std::int64_t b = 0; b < s.rows(t); ++b) {
      const std::int64_t row = s.row(t, b);
      State& state = states[b];
      if (c.resets && d.resets[static_cast<std::size_t>(row)] != 0) state = {Doubles(H, 0.0), Doubles(H, 0.0)};
      const Doubles x(d.x.begin() + row * I, d.x.begin() + (row + 1) * I);
      state = after(cell, c, d, state, product(c, d.w_ih, d.gains_ih, d.b_ih, x), t, b);
      for (std::int64_t j = 0; j < H; ++j) out.loss += (out.y[row * H + j] = state.h[j]) * d.dy[row * H + j];
    }
  }
  for (std::int64_t i = 0; i < c.batch * H; ++i) {
    out.loss += states[i / H].h[i % H] * d.dh_n[i] + (cell == Cell::lstm ? states[i / H].c[i % H] * d.dc_n[i] : 0.0);
  }
  return out;
}

int failures = 0;

void expect_close(double got, double wanted, double tolerance, const std::string& what) {
  if (std::abs(got - wanted) <= tolerance) return;
  std::printf("%s: got %.9g, expected %.9g\n", what.c_str(), got, wanted);
  ++failures;
}

// A few entries of each gradient against central differences of the loss in double precision.
void check_gradients(Cell cell, const Case& c, Data& d, const std::string& name) {
  const auto check = [&](const char* what, Floats& values, const Floats& gradient) {
    for (std::size_t part = 0; part < 3; ++part) {
      const std::size_t i = part * (values.size() - 1) / 2;
      const float kept = values[i];
      values[i] = kept + 0.0009765625f;
      const double above = evaluate(cell, c, d).loss;
      values[i] = kept - 0.0009765625f;
      const double below = evaluate(cell, c, d).loss;
      values[i] = kept;
      const double wanted = (above - below) / 0.001953125;
      expect_close(gradient[i], wanted, 2e-3 * (1.0 + std::abs(wanted)), name + " " + what);
    }
  };
  check("dx", d.x, d.dx);
  check("dh0", d.h0, d.dh0);
  if (cell == Cell::lstm) check("dc0", d.c0, d.dc0);
  check("dw_ih", d.w_ih, d.dw_ih);
  check("dw_hh", d.w_hh, d.dw_hh);
  check("db_ih", d.b_ih, d.db_ih);
  check("db_hh", d.b_hh, d.db_hh);
  if (c.layer_norm) check("dgains_ih", d.gains_ih, d.dgains_ih), check("dgains_hh", d.gains_hh, d.dgains_hh);
}

void check_case(const gatelet::Kernels& kernels, Cell cell, const Case& c) {
  const std::string name = std::string(kernels.name) + " " + name_of(cell) + " " + std::to_string(c.steps) + "x" +
                           std::to_string(c.batch) + "x" + std::to_string(c.input) + "x" + std::to_string(c.hidden);
  Data d = make_data(c, cell);
  run(kernels, cell, c, d, 1);
  const Reference wanted = evaluate(cell, c, d);
  for (std::size_t i = 0; i < d.y.size(); ++i) expect_close(d.y[i], wanted.y[i], 2e-6, name + " y");
  check_gradients(cell, c, d, name);
  for (int threads : {2, 3}) {
    Data again = make_data(c, cell);
    run(kernels, cell, c, again, threads);
    const bool same = again.y == d.y && again.h_n == d.h_n && again.dx == d.dx && again.dw_hh == d.dw_hh &&
                      again.dw_ih == d.dw_ih && again.db_hh == d.db_hh && again.dh0 == d.dh0 &&
                      (!c.layer_norm || again.dgains_hh == d.dgains_hh);
    if (!same) {
      std::printf("%s: %d threads change the result\n", name.c_str(), threads);
      ++failures;
    }
  }
}

}  // namespace

int main() {
  const std::vector<Case> cases = {
      {3, 2, 3, 15, false, false, false, true, true, true, 0.3, true},
      {6, 9, 5, 33, false, true, true, false, true, true, 0.3, false},
      {5, 1, 7, 96, true, false, false, false, true, false, 0.0, false},
      {4, 3, 2, 65, false, false, false, true, false, true, 0.5, true},
  };
  for (const gatelet::Kernels* kernels : gatelet::available_kernels()) {
    for (const Case& c : cases) {
      for (Cell cell : {Cell::gru, Cell::gru_reset_before, Cell::lstm}) check_case(*kernels, cell, c);
    }
  }
  std::printf(failures == 0 ? "all extras agree with the equations\n" : "%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
