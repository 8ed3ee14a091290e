// Every kernel of every instruction set that this machine has, against plain loops in double precision. Arrays have exactly
// the size that the kernels are promised, so that the address sanitizer sees any step outside.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
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
};

struct Kind {
  const char* name;
  std::int64_t gates;
  std::int64_t biases;  // b_ih and b_hh have biases * H values
};

const Kind kinds[] = {{"gru", 3, 3},   {"lstm", 4, 4},     {"gru_reset_before", 3, 3}, {"mgu", 2, 2},
                      {"ligru", 2, 2}, {"fastgrnn", 1, 2}, {"rnn_tanh", 1, 1}};

bool is(const Kind& kind, const char* name) { return std::strcmp(kind.name, name) == 0; }

// All arrays of one layer; outputs start as NaN.
struct Data {
  std::vector<std::int64_t> offsets;
  std::vector<std::uint8_t> resets;
  Floats x, h0, c0, w_ih, w_hh, b_ih, b_hh, dy, dh_n, dc_n;
  Floats y, h_n, c_n, gates, cells;
  Floats dx, dh0, dc0, dw_ih, dw_hh, db_ih, db_hh;
};

Data make_data(const Case& c, const Kind& kind) {
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
  const std::int64_t I = c.input, H = c.hidden, B = c.batch, G = kind.gates * H, bias = kind.biases * H;
  d.x = values(rows * I), d.h0 = values(B * H), d.c0 = values(B * H);
  d.w_ih = values(G * I), d.w_hh = values(G * H), d.b_ih = values(bias), d.b_hh = values(bias);
  // a recurrence that amplifies would amplify rounding, too
  for (float& value : d.w_hh) value *= std::min(1.0f, 4.0f / std::sqrt(static_cast<float>(H)));
  d.dy = values(rows * H), d.dh_n = values(B * H), d.dc_n = values(B * H);
  d.y = poison(rows * H), d.h_n = poison(B * H), d.c_n = poison(B * H);
  d.gates = poison(rows * 4 * H), d.cells = poison(rows * H);
  d.dx = poison(rows * I), d.dh0 = poison(B * H), d.dc0 = poison(B * H);
  d.dw_ih = poison(G * I), d.dw_hh = poison(G * H), d.db_ih = poison(bias), d.db_hh = poison(bias);
  return d;
}

void fill_layer(gatelet::Layer& a, const Case& c, const Data& d) {
  a.sequence = {c.steps, c.batch, c.packed ? d.offsets.data() : nullptr, c.batch_first, c.reverse};
  a.input = c.input, a.hidden = c.hidden;
  a.x = d.x.data(), a.h0 = d.h0.data(), a.c0 = d.c0.data();
  a.w_ih = d.w_ih.data(), a.w_hh = d.w_hh.data(), a.b_ih = d.b_ih.data(), a.b_hh = d.b_hh.data();
  a.resets = c.resets ? d.resets.data() : nullptr;
}

void run(const gatelet::Kernels& kernels, const Kind& kind, const Case& c, Data& d, int threads, bool half = false) {
  gatelet::Forward f{};
  fill_layer(f, c, d);
  f.y = d.y.data(), f.h_n = d.h_n.data(), f.c_n = d.c_n.data(), f.gates = d.gates.data(), f.cells = d.cells.data();
  kernels.find(kind.name, half)->forward(f, threads);
  gatelet::Backward b{};
  fill_layer(b, c, d);
  b.dy_stride = c.hidden;
  b.y = d.y.data(), b.gates = d.gates.data(), b.cells = d.cells.data();
  b.dy = d.dy.data(), b.dh_n = d.dh_n.data(), b.dc_n = d.dc_n.data();
  b.dx = d.dx.data(), b.dh0 = d.dh0.data(), b.dc0 = d.dc0.data();
  b.dw_ih = d.dw_ih.data(), b.dw_hh = d.dw_hh.data(), b.db_ih = d.db_ih.data(), b.db_hh = d.db_hh.data();
  kernels.find(kind.name, half)->backward(b, threads);
}

double sigmoid(double v) { return 1.0 / (1.0 + std::exp(-v)); }

// The loss whose gradients `run` computes, sum(y dy) + sum(h_n dh_n) + sum(c_n dc_n), and y, from the equations.
struct Reference {
  double loss = 0.0;
  Doubles y;
};

// sums[g] += W_hh[g] v for the rows g of W_hh.
void add_products(Doubles& sums, const Data& d, const Doubles& v, std::int64_t first, std::int64_t last) {
  const std::int64_t H = static_cast<std::int64_t>(v.size());
  for (std::int64_t g = first; g < last; ++g) {
    for (std::int64_t i = 0; i < H; ++i) sums[g] += d.w_hh[g * H + i] * v[i];
  }
}

// One step of one sequence: h and cell are replaced. from_x has b_ih added, and the sums b_hh, but of a FastGRNN.
void step(const Kind& kind, const Data& d, const Doubles& from_x, Doubles& h, Doubles& cell) {
  const std::int64_t H = static_cast<std::int64_t>(h.size()), G = kind.gates * H;
  const bool two_products = is(kind, "gru_reset_before") || is(kind, "mgu");
  Doubles from_h(static_cast<std::size_t>(G));
  for (std::int64_t g = 0; g < G && !is(kind, "fastgrnn"); ++g) from_h[g] = d.b_hh[g];
  add_products(from_h, d, h, 0, two_products ? G - H : G);
  const auto sum = [&](int g, std::int64_t j) { return from_x[g * H + j] + from_h[g * H + j]; };
  if (two_products) {
    Doubles gated(h);
    for (std::int64_t j = 0; j < H; ++j) gated[j] *= sigmoid(sum(0, j));
    add_products(from_h, d, gated, G - H, G);
  }
  for (std::int64_t j = 0; j < H; ++j) {
    if (is(kind, "lstm")) {
      cell[j] = sigmoid(sum(1, j)) * cell[j] + sigmoid(sum(0, j)) * std::tanh(sum(2, j));
      h[j] = sigmoid(sum(3, j)) * std::tanh(cell[j]);
    } else if (is(kind, "gru")) {
      const double z = sigmoid(sum(1, j));
      h[j] = (1.0 - z) * std::tanh(from_x[2 * H + j] + sigmoid(sum(0, j)) * from_h[2 * H + j]) + z * h[j];
    } else if (is(kind, "gru_reset_before")) {
      const double z = sigmoid(sum(1, j));
      h[j] = (1.0 - z) * std::tanh(sum(2, j)) + z * h[j];
    } else if (is(kind, "mgu")) {
      const double f = sigmoid(sum(0, j));
      h[j] = (1.0 - f) * h[j] + f * std::tanh(sum(1, j));
    } else if (is(kind, "ligru")) {
      const double z = sigmoid(sum(0, j));
      h[j] = z * h[j] + (1.0 - z) * std::max(0.0, sum(1, j));
    } else if (is(kind, "fastgrnn")) {
      const double z = sigmoid(sum(0, j) + d.b_ih[j]), n = std::tanh(sum(0, j) + d.b_ih[H + j]);
      h[j] = (d.b_hh[j] * (1.0 - z) + d.b_hh[H + j]) * n + z * h[j];
    } else {
      h[j] = std::tanh(sum(0, j));
    }
  }
}

Reference evaluate(const Kind& kind, const Case& c, const Data& d) {
  const std::int64_t H = c.hidden, I = c.input, G = kind.gates;
  gatelet::Sequence s{c.steps, c.batch, c.packed ? d.offsets.data() : nullptr, c.batch_first, c.reverse};
  Reference out;
  out.y.resize(static_cast<std::size_t>(s.total_rows() * H));
  std::vector<Doubles> h, cell;
  for (std::int64_t b = 0; b < c.batch; ++b) {
    h.emplace_back(d.h0.begin() + b * H, d.h0.begin() + (b + 1) * H);
    cell.emplace_back(d.c0.begin() + b * H, d.c0.begin() + (b + 1) * H);
  }
  for (std::int64_t k = 0; k < c.steps; ++k) {
    const std::int64_t t = s.step(k);
    for (std::int64_t b = 0; b < s.rows(t); ++b) {
      const std::int64_t row = s.row(t, b);
      if (c.resets && d.resets[static_cast<std::size_t>(row)] != 0) h[b] = cell[b] = Doubles(static_cast<std::size_t>(H));
      Doubles from_x(static_cast<std::size_t>(G * H));
      for (std::int64_t g = 0; g < G * H; ++g) {
        if (!is(kind, "fastgrnn")) from_x[g] = d.b_ih[g];
        for (std::int64_t i = 0; i < I; ++i) from_x[g] += double(d.w_ih[g * I + i]) * d.x[row * I + i];
      }
      step(kind, d, from_x, h[b], cell[b]);
      for (std::int64_t j = 0; j < H; ++j) {
        out.y[row * H + j] = h[b][j];
        out.loss += h[b][j] * d.dy[row * H + j];
      }
    }
  }
  for (std::int64_t i = 0; i < c.batch * H; ++i) {
    out.loss += h[i / H][i % H] * d.dh_n[i] + (is(kind, "lstm") ? cell[i / H][i % H] * d.dc_n[i] : 0.0);
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
void check_gradients(const Kind& kind, const Case& c, Data& d, const std::string& name) {
  const auto check = [&](const char* what, Floats& values, const Floats& gradient) {
    for (std::size_t part = 0; part < 3; ++part) {
      const std::size_t i = part * (values.size() - 1) / 2;
      const float kept = values[i];
      values[i] = kept + 0.00048828125f;
      const double above = evaluate(kind, c, d).loss;
      values[i] = kept - 0.00048828125f;
      const double below = evaluate(kind, c, d).loss;
      values[i] = kept;
      const double wanted = (above - below) / 0.0009765625;
      expect_close(gradient[i], wanted, 2e-3 * (1.0 + std::abs(wanted)), name + " " + what);
    }
  };
  check("dx", d.x, d.dx);
  check("dh0", d.h0, d.dh0);
  if (is(kind, "lstm")) check("dc0", d.c0, d.dc0);
  check("dw_ih", d.w_ih, d.dw_ih);
  check("dw_hh", d.w_hh, d.dw_hh);
  check("db_ih", d.b_ih, d.db_ih);
  check("db_hh", d.b_hh, d.db_hh);
}

void check_case(const gatelet::Kernels& kernels, const Kind& kind, const Case& c) {
  const std::string name = std::string(kernels.name) + " " + kind.name + " " + std::to_string(c.steps) + "x" +
                           std::to_string(c.batch) + "x" + std::to_string(c.input) + "x" + std::to_string(c.hidden);
  Data d = make_data(c, kind);
  run(kernels, kind, c, d, 1);
  const Reference wanted = evaluate(kind, c, d);
  for (std::size_t i = 0; i < d.y.size(); ++i) expect_close(d.y[i], wanted.y[i], 2e-6 * (1.0 + std::abs(wanted.y[i])), name + " y");
  check_gradients(kind, c, d, name);
  for (int threads : {2, 3}) {
    Data again = make_data(c, kind);
    run(kernels, kind, c, again, threads);
    const bool same = again.y == d.y && again.h_n == d.h_n && again.dx == d.dx && again.dw_hh == d.dw_hh &&
                      again.dw_ih == d.dw_ih && again.db_hh == d.db_hh && again.dh0 == d.dh0;
    if (!same) {
      std::printf("%s: %d threads change the result\n", name.c_str(), threads);
      ++failures;
    }
  }
}

// bfloat16 values in as many bytes as they take, at the front of an array of floats.
void to_halves(Floats& values) {
  std::vector<std::uint16_t> halves;
  for (const float value : values) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    halves.push_back(static_cast<std::uint16_t>(bits >> 16));
  }
  values.assign((values.size() + 1) / 2, 0.0f);
  values.shrink_to_fit();
  std::memcpy(values.data(), halves.data(), halves.size() * sizeof(std::uint16_t));
}

float half_at(const Floats& values, std::size_t i) {
  std::uint16_t half;
  std::memcpy(&half, reinterpret_cast<const char*>(values.data()) + i * sizeof half, sizeof half);
  const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// The kernels over bfloat16 arrays against those over floats that bfloat16 holds exactly.
void check_half(const gatelet::Kernels& kernels, const Kind& kind, const Case& c) {
  const std::string name = std::string(kernels.name) + " half " + kind.name;
  Data d = make_data(c, kind);
  for (Floats* values : {&d.x, &d.h0, &d.c0, &d.w_ih, &d.w_hh, &d.b_ih, &d.b_hh, &d.dy, &d.dh_n, &d.dc_n}) {
    for (float& value : *values) {
      std::uint32_t bits;
      std::memcpy(&bits, &value, sizeof bits);
      bits &= 0xffff0000u;
      std::memcpy(&value, &bits, sizeof bits);
    }
  }
  Data half = d;
  for (Floats* values : {&half.x, &half.h0, &half.c0, &half.w_ih, &half.w_hh, &half.b_ih, &half.b_hh, &half.dy, &half.dh_n,
                         &half.dc_n, &half.y, &half.h_n, &half.c_n, &half.gates, &half.cells, &half.dx, &half.dh0,
                         &half.dc0, &half.dw_ih, &half.dw_hh, &half.db_ih, &half.db_hh}) {
    to_halves(*values);
  }
  run(kernels, kind, c, d, 2);
  run(kernels, kind, c, half, 2, true);
  const auto check = [&](const char* what, const Floats& wanted, const Floats& got) {
    float largest = 1.0f;
    for (const float value : wanted) largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      expect_close(half_at(got, i), wanted[i], 0.03 * largest, name + " " + what);
    }
  };
  check("y", d.y, half.y), check("h_n", d.h_n, half.h_n), check("dx", d.dx, half.dx), check("dh0", d.dh0, half.dh0);
  check("dw_ih", d.dw_ih, half.dw_ih), check("dw_hh", d.dw_hh, half.dw_hh);
  check("db_ih", d.db_ih, half.db_ih), check("db_hh", d.db_hh, half.db_hh);
  if (is(kind, "lstm")) check("dc0", d.dc0, half.dc0);
}

}  // namespace

int main() {
  const std::vector<Case> cases = {
      {1, 1, 1, 1, false, false, false, false},   {5, 2, 3, 15, true, false, false, true},
      {4, 17, 15, 17, false, true, false, false}, {6, 33, 2, 63, false, false, true, false},
      {7, 3, 17, 65, false, true, true, true},    {40, 1, 5, 96, false, false, false, true},
      {2, 300, 4, 16, true, false, false, false},
  };
  for (const gatelet::Kernels* kernels : gatelet::available_kernels()) {
    for (const Case& c : cases) {
      for (const Kind& kind : kinds) check_case(*kernels, kind, c);
      check_half(*kernels, kinds[0], c);
      check_half(*kernels, kinds[1], c);
    }
  }
  std::printf(failures == 0 ? "all kernels agree with the equations\n" : "%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
