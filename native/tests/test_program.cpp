// The operations of a program, on every instruction set: cells over rows beside the same cells over steps, windows, quantiles,
// attention and sound beside plain sums in doubles, integers beside floats. Small, so that it also runs under the sanitizers.
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "dispatch.h"

namespace {

using Floats = std::vector<float>;
using gatelet::Description;
using gatelet::Slot;

bool failed = false;

void check(bool right, const std::string& what) {
  if (right) return;
  std::printf("FAILED: %s\n", what.c_str());
  failed = true;
}

bool close(double a, double b, double tolerance = 1e-5) { return std::fabs(a - b) <= tolerance * (1.0 + std::fabs(b)); }

Floats random_values(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  Floats values(static_cast<std::size_t>(count));
  for (float& value : values) value = uniform(generator);
  return values;
}

// The memory of a program: values of one step and states, poisoned where nothing was put.
struct Memory {
  std::int64_t streams, width, block;
  std::vector<double> values, states;  // doubles, so that both kinds of numbers are aligned
  std::vector<std::byte*> rows;

  Memory(std::int64_t streams, std::int64_t width, std::int64_t block)
      : streams(streams), width(width), block(block), values(static_cast<std::size_t>(streams * width / 8), NAN),
        states(static_cast<std::size_t>(streams * block / 8 + 1), 0.0) {
    for (std::int64_t b = 0; b < streams; ++b) rows.push_back(reinterpret_cast<std::byte*>(states.data()) + b * block);
  }
  template <class T>
  T* at(const Slot& slot, std::int64_t stream) {
    return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(values.data()) + stream * width + slot.offset);
  }
  void step(gatelet::Program& program) { program.step(reinterpret_cast<std::byte*>(values.data()), rows.data(), streams); }
};

// Slots one after the other.
struct Places {
  std::int64_t width = 0;

  Slot take(std::int64_t rows, std::int64_t columns, std::int64_t number = 4, std::int64_t length = -1) {
    const Slot slot{width, rows, columns, length};
    width += (rows * columns * number + 7) / 8 * 8;
    return slot;
  }
};

struct CellCase {
  const char* kind;
  int gates, biases, states;
  bool scan;
  int rank = 0;  // of W_hh, if it has two factors
};
constexpr CellCase cells[] = {{"GRU", 3, 3, 1, false},      {"GRU reset before", 3, 3, 1, false}, {"LSTM", 4, 4, 2, false},
                              {"RNN", 1, 1, 1, false},      {"MGU", 2, 2, 1, false},              {"LiGRU", 2, 2, 1, false},
                              {"FastGRNN", 1, 2, 1, false}, {"MinGRU", 2, 2, 1, true},            {"MinLSTM", 3, 3, 1, true},
                              {"GRU", 3, 3, 1, false, 5},   {"LSTM", 4, 4, 2, false, 1}};

// A cell over steps, and over the rows of a value that may have fewer than there is room for.
void test_cell(const gatelet::Kernels& kernels, const CellCase& c, std::int64_t restart, bool reverse) {
  const std::int64_t I = 3, H = 17, N = 6, streams = 35;
  const std::int64_t meets = c.rank > 0 ? c.rank : H;
  const Floats ih = random_values(c.gates * H * I, 1), hh = random_values(c.scan ? 0 : c.gates * H * meets, 2),
               right = random_values(c.rank * H, 5),
               bi = random_values(c.biases * H, 3), bh = random_values(c.scan ? 0 : c.biases * H, 4), scales = {1.0f, -1.0f};
  const bool fast = std::string(c.kind) == "FastGRNN";
  const auto describe = [&](double over, std::vector<Slot> in, std::vector<Slot> out) {
    Description d{c.kind, std::move(in), std::move(out), 0, {double(H), double(restart), over, double(reverse)}, {}, {}, false};
    d.weights = {{ih.data(), std::int64_t(ih.size())}, {hh.data(), std::int64_t(hh.size())},
                 {bi.data(), std::int64_t(bi.size())}, {bh.data(), fast ? 0 : std::int64_t(bh.size())},
                 {nullptr, 0},                         {nullptr, 0},
                 {fast ? scales.data() : nullptr, fast ? 2 : 0},
                 {c.rank > 0 ? right.data() : nullptr, c.rank * H}};
    return d;
  };
  Places one, many;
  const Slot x1 = one.take(1, I), h1 = one.take(1, H);
  const Slot length = many.take(1, 1), x = many.take(N, I, 4, length.offset), h = many.take(N, H, 4, length.offset),
             each = many.take(N, H, 4, length.offset);
  const auto steps = kernels.new_program(one.width), rows = kernels.new_program(many.width);
  steps->add(describe(0, {x1}, {h1}));
  rows->add(describe(1, {x}, {h}));
  Description side = describe(2, {x}, {each});
  side.settings[3] = 0;
  rows->add(side);
  Memory stepped(1, one.width, (2 * H + 1) * 4 + 4), whole(streams, many.width, 8);
  for (std::int64_t b = 0; b < streams; ++b) {
    const std::int64_t count = 1 + b % N;
    *whole.at<float>(length, b) = static_cast<float>(count);
    const Floats values = random_values(count * I, 100 + static_cast<unsigned>(b));
    std::memcpy(whole.at<float>(x, b), values.data(), values.size() * 4);
  }
  whole.step(*rows);
  for (std::int64_t b = 0; b < streams; ++b) {
    const std::int64_t count = 1 + b % N;
    std::memset(stepped.states.data(), 0, static_cast<std::size_t>(stepped.block));
    for (std::int64_t t = 0; t < count; ++t) {
      const std::int64_t row = reverse ? count - 1 - t : t;
      if (reverse && restart > 0 && t > 0 && (row + 1) % restart == 0) {
        std::memset(stepped.states.data(), 0, static_cast<std::size_t>(stepped.block));
      }
      if (reverse && restart > 0) reinterpret_cast<float*>(stepped.states.data())[c.states * H] = 0.0f;
      std::memcpy(stepped.at<float>(x1, 0), whole.at<float>(x, b) + row * I, I * 4);
      stepped.step(*steps);
      for (std::int64_t j = 0; j < H; ++j) {
        check(close(whole.at<float>(h, b)[row * H + j], stepped.at<float>(h1, 0)[j]), std::string(c.kind) + " over rows");
      }
      if (t == 0) {
        for (std::int64_t j = 0; j < H; ++j) {
          check(close(whole.at<float>(each, b)[row * H + j], stepped.at<float>(h1, 0)[j]), std::string(c.kind) + " over each");
        }
      }
    }
  }
}

// Matrices that are rounded when they are packed are those that were rounded before.
void test_rounded(const gatelet::Kernels& kernels, std::int64_t rows, std::int64_t I, std::int64_t O) {
  const Floats w = random_values(O * I, 41), b = random_values(O, 42);
  Floats before = w;
  for (float& value : before) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits = (bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u;
    std::memcpy(&value, &bits, sizeof bits);
  }
  Places places;
  const Slot x = places.take(rows, I), found = places.take(rows, O), expected = places.take(rows, O);
  const auto program = kernels.new_program(places.width);
  program->add({"Dense", {x}, {found}, 0, {0}, {{w.data(), O * I}, {b.data(), O}}, {}, false, true});
  program->add({"Dense", {x}, {expected}, 0, {0}, {{before.data(), O * I}, {b.data(), O}}, {}, false});
  Memory memory(1, places.width, 8);
  const Floats values = random_values(rows * I, 43);
  std::memcpy(memory.at<float>(x, 0), values.data(), values.size() * 4);
  memory.step(*program);
  for (std::int64_t k = 0; k < rows * O; ++k) {
    check(close(memory.at<float>(found, 0)[k], memory.at<float>(expected, 0)[k]), "rounded weights");
  }
}

// The last rows, their mean and spread, there and back again.
void test_window(const gatelet::Kernels& kernels) {
  const std::int64_t C = 5;
  Places places;
  const Slot y = places.take(1, 1, 8), rows = places.take(C, 1, 8), center = places.take(1, 1, 8), scale = places.take(1, 1, 8),
             scaled = places.take(C, 1), back = places.take(C, 1, 8), level = places.take(1, 2);
  const auto program = kernels.new_program(places.width);
  program->add({"Window", {y}, {rows}, 0, {}, {}, {}, true});
  program->add({"Center", {rows}, {center}, 0, {0}, {}, {}, true});
  program->add({"Spread", {rows}, {scale}, 0, {1.5}, {}, {}, true});
  program->add({"Scale", {rows, center, scale}, {scaled}, 0, {0}, {}, {}, false});
  program->add({"Scale", {scaled, center, scale}, {back}, 0, {1}, {}, {}, true});
  program->add({"Level", {center, scale}, {level}, 0, {1e6, 2.0}, {}, {}, false});
  Memory memory(2, places.width, C * 8);
  for (double& state : memory.states) state = NAN;
  std::vector<double> seen;
  for (int t = 0; t < 12; ++t) {
    const double value = t % 4 == 3 ? NAN : 1e6 + std::sin(t);
    for (int b = 0; b < 2; ++b) *memory.at<double>(y, b) = value;
    memory.step(*program);
    seen.push_back(value);
    double sum = 0.0, squares = 0.0, count = 0.0;
    const std::size_t first = seen.size() > std::size_t(C) ? seen.size() - std::size_t(C) : 0;
    for (std::size_t k = first; k < seen.size(); ++k) {
      if (!std::isnan(seen[k])) sum += seen[k], count += 1.0;
    }
    const double mean = sum / count;
    for (std::size_t k = first; k < seen.size(); ++k) {
      if (!std::isnan(seen[k])) squares += (seen[k] - mean) * (seen[k] - mean);
    }
    const double spread = std::fmax(std::sqrt(squares / count), 1.5e-2);
    check(close(*memory.at<double>(center, 1), mean, 1e-12), "Center");
    check(close(*memory.at<double>(scale, 1), spread, 1e-9), "Spread");
    check(close(memory.at<float>(level, 1)[1], std::log(spread / 2.0)), "Level");
    if (t % 4 != 3) check(close(memory.at<double>(back, 1)[C - 1], value, 1e-9), "Scale");
  }
}

void test_quantiles(const gatelet::Kernels& kernels) {
  const std::int64_t N = 2, Q = 5;
  Places places;
  const Slot raw = places.take(N, Q), shift = places.take(1, N), q = places.take(N, Q), moved = places.take(N, Q),
             t = places.take(N, 3), tq = places.take(N, 3);
  const Floats offsets = random_values(N * Q, 5);
  const auto program = kernels.new_program(places.width);
  program->add({"Quantiles", {raw, shift}, {q}, 0, {2}, {}, {}, false});
  program->add({"Calibrated", {q}, {moved}, 0, {2}, {{offsets.data(), N * Q}}, {}, false});
  program->add({"StudentTQuantiles", {t}, {tq}, 0, {0.025, 0.5, 0.975}, {}, {}, false});
  Memory memory(1, places.width, 8);
  const Floats values = random_values(N * Q, 6);
  std::memcpy(memory.at<float>(raw, 0), values.data(), values.size() * 4);
  for (int k = 0; k < N; ++k) memory.at<float>(shift, 0)[k] = 10.0f * static_cast<float>(k);
  const float parameters[] = {1.0f, 2.0f, 1.0f, -1.0f, 0.5f, 10.0f};
  std::memcpy(memory.at<float>(t, 0), parameters, sizeof parameters);
  memory.step(*program);
  for (std::int64_t r = 0; r < N; ++r) {
    const float *found = memory.at<float>(q, 0) + r * Q, *kept = memory.at<float>(moved, 0) + r * Q;
    for (std::int64_t k = 1; k < Q; ++k) check(found[k] >= found[k - 1] && kept[k] >= kept[k - 1], "Quantiles");
    check(close(kept[2], found[2] + offsets[static_cast<std::size_t>(r * Q + 2)]), "Calibrated");
  }
  const double table[] = {12.7062047362, 2.2281388520};  // of 1 and of 10 degrees of freedom
  for (int r = 0; r < N; ++r) {
    const float *p = parameters + 3 * r, *found = memory.at<float>(tq, 0) + 3 * r;
    const double width = p[1] * table[r];
    check(close(found[2], p[0] + width) && close(found[0], p[0] - width) && close(found[1], p[0]), "StudentT");
  }
}

void test_attention(const gatelet::Kernels& kernels, bool additive) {
  const std::int64_t S = 7, F = 5, M = 6, K = additive ? 9 : F;
  const Floats w = random_values(K * F, 7), b = random_values(K, 8), v = random_values(K, 9), c = random_values(K, 10);
  Places places;
  const Slot length = places.take(1, 1), query = places.take(1, F), memory = places.take(S, M, 4, length.offset),
             keys = places.take(S, K, 4, length.offset), context = places.take(1, M),
             given = places.take(S, 1, 4, length.offset);
  const auto program = kernels.new_program(places.width);
  Description d{"Attention", {query, memory, keys}, {context, given}, 0, {}, {}, {}, false};
  for (const Floats* each : {&w, &b, &v, &c}) {
    d.weights.push_back({additive ? each->data() : nullptr, std::int64_t(each->size())});
  }
  program->add(d);
  Memory m(3, places.width, 8 + S * 4 + 4);
  std::vector<double> covered(S, 0.0);
  for (int step = 0; step < 3; ++step) {
    for (int stream = 0; stream < 3; ++stream) {
      *m.at<float>(length, stream) = 5.0f;
      const Floats q = random_values(F, 20 + static_cast<unsigned>(step)), values = random_values(5 * M, 30);
      const Floats k = random_values(5 * K, 31);
      std::memcpy(m.at<float>(query, stream), q.data(), q.size() * 4);
      std::memcpy(m.at<float>(memory, stream), values.data(), values.size() * 4);
      std::memcpy(m.at<float>(keys, stream), k.data(), k.size() * 4);
    }
    m.step(*program);
    const float *q = m.at<float>(query, 2), *key = m.at<float>(keys, 2);
    double score[5], sum = 0.0;
    for (int r = 0; r < 5; ++r) {
      score[r] = 0.0;
      for (std::int64_t k = 0; k < K; ++k) {
        double joined = key[r * K + k];
        if (additive) {
          joined += b[std::size_t(k)] + covered[std::size_t(r)] * c[std::size_t(k)];
          for (std::int64_t f = 0; f < F; ++f) joined += w[std::size_t(k * F + f)] * q[f];
        }
        score[r] += additive ? std::tanh(joined) * v[std::size_t(k)] : joined * q[k];
      }
      sum += std::exp(score[r]);
    }
    for (int r = 0; r < 5; ++r) {
      covered[std::size_t(r)] += std::exp(score[r]) / sum;
      check(close(m.at<float>(given, 2)[r], std::exp(score[r]) / sum), "Attention");
    }
  }
}

void test_sound(const gatelet::Kernels& kernels, std::int64_t hop, std::int64_t length, std::int64_t points) {
  const std::int64_t K = points / 2 + 1, bands = 2;
  Floats filters = random_values(bands * K, 11);
  for (float& weight : filters) weight = std::fabs(weight);
  Places places;
  const Slot x = places.take(1, hop, 8), y = places.take(1, bands);
  const auto program = kernels.new_program(places.width);
  program->add({"LogMel", {x}, {y}, 0, {double(length), 1e-9}, {{filters.data(), bands * K}}, {}, false});
  Memory memory(1, places.width, (length - hop) * 8 + 8);
  std::vector<double> samples(static_cast<std::size_t>(length), 0.0);
  for (int t = 0; t < 5; ++t) {
    for (std::int64_t n = 0; n < hop; ++n) {
      const double value = std::sin(0.3 * static_cast<double>(t * hop + n));
      memory.at<double>(x, 0)[n] = value;
      samples.erase(samples.begin()), samples.push_back(value);
    }
    memory.step(*program);
    for (std::int64_t m = 0; m < bands; ++m) {
      double sum = 0.0;
      for (std::int64_t k = 0; k < K; ++k) {
        double real = 0.0, imaginary = 0.0;
        for (std::int64_t n = 0; n < length; ++n) {
          const double turn = 2.0 * std::acos(-1.0), angle = turn * double(k * n) / double(points);
          const double value = (0.5 - 0.5 * std::cos(turn * double(n) / double(length))) * samples[std::size_t(n)];
          real += value * std::cos(angle), imaginary -= value * std::sin(angle);
        }
        sum += filters[std::size_t(m * K + k)] * (real * real + imaginary * imaginary);
      }
      check(close(memory.at<float>(y, 0)[m], std::log(std::fmax(sum, 1e-9))), "LogMel");
    }
  }
}

template <class T>
std::string bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// Integers at the ends of their range, and what is no number at all, through a cell, a layer, a table and a pool.
void test_integers(const gatelet::Kernels& kernels) {
  const std::int64_t I = 5, H = 7;
  std::mt19937 generator(12);
  const auto weights = [&](std::int64_t count) {
    std::vector<std::int8_t> found(static_cast<std::size_t>(count));
    for (std::int8_t& weight : found) weight = static_cast<std::int8_t>(static_cast<int>(generator() % 255) - 127);
    return found;
  };
  const auto halves = [](std::int64_t count) { return std::vector<std::int32_t>(static_cast<std::size_t>(count), 512); };
  Places places;
  const Slot x = places.take(1, I, 8), x16 = places.take(1, I), h = places.take(1, H), c = places.take(1, H),
             y = places.take(1, 3), mean = places.take(1, 3), token = places.take(1, 4),
             row = places.take(1, 3), out = places.take(1, 3, 8);
  const auto program = kernels.new_program(places.width);
  program->add({"Quantize", {x}, {x16}, 0, {0.25}, {}, {}, false});
  const std::vector<std::int16_t> four(std::size_t(8 * H), 20), two(3, 300), rows(2, 900);
  program->add({"IntegerLSTM", {x16}, {h, c}, 0, {double(H), 0, 0, 0, 2, double(I), 10, 2, 0, 0, 0, 0}, {},
                {bytes(weights(H * 4 * 4 * 4)), bytes(four), bytes(halves(4 * H)), "", "", "", ""}, false});
  program->add({"IntegerDense", {h}, {y}, 0, {10, 2}, {}, {bytes(weights(3 * 8)), bytes(two), bytes(halves(3))}, false});
  program->add({"IntegerPool", {y}, {mean}, 64, {3, 0}, {}, {}, false});
  program->add({"IntegerEmbedding", {token}, {row}, 0, {4, 1}, {}, {bytes(weights(2 * 3)), bytes(rows)}, false});
  program->add({"Dequantize", {mean}, {out}, 0, {0.5}, {}, {}, true});
  Memory memory(2, places.width, 128);
  const double inputs[] = {NAN, INFINITY, -INFINITY, 1e30, 0.125};
  const float tokens[] = {-1.0f, 1e9f, NAN, 1.0f};
  for (int t = 0; t < 40; ++t) {
    for (int b = 0; b < 2; ++b) {
      std::memcpy(memory.at<double>(x, b), inputs, sizeof inputs);
      std::memcpy(memory.at<float>(token, b), tokens, sizeof tokens);
    }
    memory.step(*program);
  }
  const float expected[] = {0.0f, 32767.0f, -32768.0f, 32767.0f, 1.0f};
  for (int k = 0; k < 5; ++k) check(memory.at<float>(x16, 1)[k] == expected[k], "Quantize");
  for (int k = 0; k < 3; ++k) {
    const float found = memory.at<float>(mean, 1)[k];
    check(found == std::floor(found) && std::fabs(found) <= 32768.0f, "integers");
    check(memory.at<double>(out, 1)[k] == 0.5 * found, "Dequantize");
    check(memory.at<float>(row, 0)[k] == memory.at<float>(row, 1)[k], "IntegerEmbedding");
  }
}

}  // namespace

int main() {
  for (const gatelet::Kernels* kernels : gatelet::available_kernels()) {
    for (const CellCase& c : cells) {
      for (const std::int64_t restart : {0, 2}) {
        for (const bool reverse : {false, true}) test_cell(*kernels, c, restart, reverse);
      }
    }
    for (const auto [rows, I, O] : {std::array<std::int64_t, 3>{1, 5, 7}, {9, 16, 65}}) test_rounded(*kernels, rows, I, O);
    test_window(*kernels);
    test_quantiles(*kernels);
    for (const bool additive : {false, true}) test_attention(*kernels, additive);
    test_sound(*kernels, 3, 7, 8), test_sound(*kernels, 5, 6, 10), test_sound(*kernels, 4, 4, 4);
    test_integers(*kernels);
    std::printf("%s: %s\n", kernels->name, failed ? "FAILED" : "ok");
  }
  return failed;
}
