// The scan cells of every instruction set against their equations in double precision, and their gradients against central
// differences: small, so that it also runs under the sanitizers.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "dispatch.h"

namespace {

using Floats = std::vector<float>;

struct Case {
  std::int64_t steps, batch, hidden;
  bool batch_first, reverse, packed;
};

Floats random_values(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-2.0f, 2.0f);
  Floats values(count);
  for (float& value : values) value = uniform(generator);
  return values;
}

double sigmoid(double v) { return 1.0 / (1.0 + std::exp(-v)); }
double positive(double v) { return v >= 0.0 ? v + 0.5 : sigmoid(v); }

struct Data {
  std::vector<std::int64_t> offsets;
  std::vector<std::uint8_t> resets;
  Floats gates, h0, dy, dh_n, y, h_n, dgates, dh0;
  std::int64_t rows;
};

Data make_data(const Case& c, int gates) {
  Data d;
  d.offsets.push_back(0);
  for (std::int64_t t = 0; t < c.steps; ++t) {
    const std::int64_t running = c.packed ? std::max<std::int64_t>(1, c.batch - t) : c.batch;
    d.offsets.push_back(d.offsets.back() + running);
  }
  d.rows = d.offsets.back();
  const std::size_t rows = static_cast<std::size_t>(d.rows), H = static_cast<std::size_t>(c.hidden);
  const std::size_t states = static_cast<std::size_t>(c.batch) * H;
  d.gates = random_values(rows * H * static_cast<std::size_t>(gates), 1);
  d.h0 = random_values(states, 2), d.dy = random_values(rows * H, 3), d.dh_n = random_values(states, 4);
  d.y.assign(rows * H, NAN), d.h_n.assign(states, NAN), d.dh0.assign(states, NAN);
  d.dgates.assign(d.gates.size(), NAN);
  for (std::size_t i = 0; i < rows; ++i) d.resets.push_back(i % 7 == 3);
  return d;
}

void run(const gatelet::ScanKernels& kernels, const Case& c, Data& d, int threads) {
  const gatelet::Sequence sequence{c.steps, c.batch, c.packed ? d.offsets.data() : nullptr, c.batch_first, c.reverse};
  gatelet::ScanForward f{};
  f.sequence = sequence, f.hidden = c.hidden, f.gates = d.gates.data(), f.h0 = d.h0.data(), f.resets = d.resets.data();
  f.y = d.y.data(), f.h_n = d.h_n.data();
  kernels.forward(f, threads);
  gatelet::ScanBackward b{};
  static_cast<gatelet::Scan&>(b) = f;
  b.dy_stride = c.hidden, b.y = d.y.data(), b.dy = d.dy.data(), b.dh_n = d.dh_n.data();
  b.dgates = d.dgates.data(), b.dh0 = d.dh0.data();
  kernels.backward(b, threads);
}

// The loss sum(y * dy) + sum(h_n * dh_n), and y, by the equations.
double evaluate(int gates, const Case& c, const Data& d, std::vector<double>& y) {
  const gatelet::Sequence sequence{c.steps, c.batch, c.packed ? d.offsets.data() : nullptr, c.batch_first, c.reverse};
  const std::int64_t H = c.hidden;
  std::vector<double> h(d.h0.begin(), d.h0.end());
  double loss = 0.0;
  for (std::int64_t k = 0; k < c.steps; ++k) {
    const std::int64_t t = sequence.step(k);
    for (std::int64_t b = 0; b < sequence.rows(t); ++b) {
      const std::int64_t row = sequence.row(t, b);
      for (std::int64_t j = 0; j < H; ++j) {
        const auto gate = [&](int g) { return double(d.gates[static_cast<std::size_t>((row * gates + g) * H + j)]); };
        const double f = sigmoid(gate(0)), i = sigmoid(gate(1));
        const double taken = gates == 2 ? f : i / (f + i);
        double& state = h[static_cast<std::size_t>(b * H + j)];
        if (d.resets[static_cast<std::size_t>(row)] != 0) state = 0.0;
        state += taken * (positive(gate(gates - 1)) - state);
        y[static_cast<std::size_t>(row * H + j)] = state;
        loss += state * d.dy[static_cast<std::size_t>(row * H + j)];
      }
    }
  }
  for (std::size_t i = 0; i < h.size(); ++i) loss += h[i] * d.dh_n[i];
  return loss;
}

int failures = 0;

void expect_close(double got, double wanted, double tolerance, const std::string& what) {
  if (std::abs(got - wanted) <= tolerance) return;
  std::printf("%s: got %.9g, expected %.9g\n", what.c_str(), got, wanted);
  ++failures;
}

// Some entries of a gradient against central differences of the loss in double precision.
void check_gradient(const std::string& what, int gates, const Case& c, Data& d, Floats& values, const Floats& gradient) {
  std::vector<double> y(d.y.size());
  const std::size_t stride = values.size() / 23 + 1;
  for (std::size_t i = 0; i < values.size(); i += stride) {
    const float kept = values[i];
    if (std::abs(kept) < 0.01f) continue;  // g has a kink at zero
    values[i] = kept + 0.0078125f;
    const double above = evaluate(gates, c, d, y);
    values[i] = kept - 0.0078125f;
    const double below = evaluate(gates, c, d, y);
    values[i] = kept;
    const double wanted = (above - below) / 0.015625;
    expect_close(gradient[i], wanted, 1e-3 * (1.0 + std::abs(wanted)), what);
  }
}

void check_case(const std::string& isa, const gatelet::ScanKernels& kernels, int gates, const Case& c) {
  const std::string name = isa + " " + kernels.name + " " + std::to_string(c.steps) + "x" + std::to_string(c.batch) + "x" +
                           std::to_string(c.hidden);
  Data d = make_data(c, gates);
  run(kernels, c, d, 1);
  std::vector<double> y(d.y.size());
  evaluate(gates, c, d, y);
  for (std::size_t i = 0; i < y.size(); ++i) expect_close(d.y[i], y[i], 4e-6, name + " y");
  check_gradient(name + " dgates", gates, c, d, d.gates, d.dgates);
  check_gradient(name + " dh0", gates, c, d, d.h0, d.dh0);
  for (int threads : {2, 3}) {
    Data again = make_data(c, gates);
    run(kernels, c, again, threads);
    if (again.y == d.y && again.h_n == d.h_n && again.dgates == d.dgates && again.dh0 == d.dh0) continue;
    std::printf("%s: %d threads change the result\n", name.c_str(), threads);
    ++failures;
  }
}

}  // namespace

int main() {
  const std::vector<Case> cases = {
      {1, 1, 1, false, false, false}, {9, 2, 15, true, false, false},   {6, 17, 17, false, true, false},
      {7, 5, 65, false, false, true}, {300, 3, 129, false, false, false}, {5, 4, 63, false, true, true},
  };
  for (const gatelet::Kernels* kernels : gatelet::available_kernels()) {
    for (const Case& c : cases) {
      check_case(kernels->name, *kernels->find_scan("min_gru"), 2, c);
      check_case(kernels->name, *kernels->find_scan("min_lstm"), 3, c);
    }
  }
  std::printf(failures == 0 ? "all scan cells agree with the equations\n" : "%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
