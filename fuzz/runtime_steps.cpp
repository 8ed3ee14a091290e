// The C runtime: whatever x, state and constants, no memory is touched that is not its own, and nothing is undefined.
// Constants of integer cells keep the bound that gatelet.reference.integer checks; everything else may hold any bits.
#include <cmath>
#include <memory>
#include <vector>

#include "bytes.h"
#include "gatelet.h"

namespace {

template <class T>
std::unique_ptr<T[]> array(std::int64_t count) {  // exactly as large as it must be
  return std::make_unique<T[]>(static_cast<std::size_t>(count));
}

template <class T>
std::unique_ptr<T[]> any(Bytes& bytes, std::int64_t count) {
  auto found = array<T>(count);
  for (std::int64_t k = 0; k < count; ++k) found[k] = bytes.take<T>();
  return found;
}

std::int64_t groups(std::int64_t size) { return GATELET_GROUPS(size); }

// Rows (count, groups, 4) of weights within -127 ... 127, whose columns past the size are zero.
std::vector<std::int8_t> weights(Draw& draw, Bytes& bytes, std::int64_t count, std::int64_t groups) {
  std::vector<std::int8_t> found(static_cast<std::size_t>(count * groups * 4));
  const std::int64_t largest = bytes.between(0, 127);
  for (std::int8_t& each : found) each = static_cast<std::int8_t>(static_cast<std::int64_t>(draw.next() % (2 * largest + 1)) - largest);
  return found;
}

// The largest sum that a row of such weights can give, shifted by 8, rounded either way.
std::int64_t most(const std::int8_t* row, std::int64_t blocks, std::int64_t stride) {
  std::int64_t sum = 0;
  for (std::int64_t k = 0; k < blocks; ++k) {
    for (int c = 0; c < 4; ++c) sum += std::abs(static_cast<int>(row[k * stride + c]));
  }
  return ((sum * 32768 + 128) >> 8) + 1;
}

struct Integers {
  gatelet_q_cell cell;
  std::vector<std::int8_t> w;
  std::vector<std::int16_t> m;
  std::vector<std::int32_t> b;
};

// A cell with the largest multipliers and biases of the wanted share of what 32 bits hold.
Integers integer_cell(Bytes& bytes, Draw& draw, std::int64_t G, std::int64_t N, bool fast, bool lstm) {
  const std::int64_t I = bytes.between(1, 21), H = bytes.between(1, 21), gI = groups(I), gH = groups(H), F = gI + gH;
  Integers made;
  made.cell = {};
  made.cell.inputs = static_cast<std::uint16_t>(I), made.cell.units = static_cast<std::uint16_t>(H);
  made.cell.shift = static_cast<std::uint8_t>(bytes.between(3, 24));
  made.cell.exponent = static_cast<std::uint8_t>(fast ? bytes.between(1, 10) : lstm ? bytes.between(0, 10) : 0);
  made.cell.zeta = static_cast<std::int16_t>(fast ? bytes.between(0, 32767) : 0);
  made.cell.nu = static_cast<std::int16_t>(fast ? bytes.between(0, 32767) : 0);
  made.w = weights(draw, bytes, H * G, F);
  const std::int64_t room = (std::int64_t{1} << 31) - 1 - (std::int64_t{1} << (made.cell.shift - 1));
  const std::int64_t shares = bytes.between(1, 8);  // of eight, for the products; biases have the rest
  for (std::int64_t j = 0; j < H; ++j) {
    std::vector<std::int64_t> left(static_cast<std::size_t>(G));
    for (int part = 0; part < 2; ++part) {
      for (std::int64_t g = 0; g < G; ++g) {
        const std::int8_t* row = made.w.data() + (j * F + part * gI) * G * 4 + g * 4;
        const std::int64_t sum = most(row, part ? gH : gI, G * 4);
        std::int64_t multiplier = room / 16 * shares / sum;
        if (multiplier > 32767) multiplier = 32767;
        made.m.push_back(static_cast<std::int16_t>(multiplier));
        left[static_cast<std::size_t>(g)] += sum * multiplier;
      }
    }
    for (std::int64_t n = 0; n < N; ++n) {
      const std::int64_t bound = room - left[static_cast<std::size_t>(n < G ? n : G - 1)];
      const std::int64_t bias = (draw.next() % 2 ? -1 : 1) * (bytes.between(0, 1) ? bound : bound / 3);
      made.b.push_back(static_cast<std::int32_t>(bias + (std::int64_t{1} << (made.cell.shift - 1))));
    }
  }
  made.cell.weights = made.w.data(), made.cell.multipliers = made.m.data(), made.cell.biases = made.b.data();
  return made;
}

void integer_steps(Bytes& bytes, Draw& draw, int kind) {
  static const int G[] = {3, 4, 1, 3}, N[] = {4, 4, 2, 4};
  const Integers made = integer_cell(bytes, draw, G[kind], N[kind], kind == 2, kind == 1);
  const gatelet_q_cell& cell = made.cell;
  const std::int64_t I = cell.inputs, H = cell.units;
  auto h = any<std::int16_t>(bytes, H), c = any<std::int16_t>(bytes, H);
  auto scratch = array<gatelet_four>(GATELET_Q_LOW_RANK_SCRATCH(I, H, H));
  // a right factor of rank H, whose sums fit 32 bits whatever h is
  std::vector<std::int8_t> w(static_cast<std::size_t>(H * groups(H) * 4));
  std::vector<std::int16_t> m(static_cast<std::size_t>(H));
  const std::vector<std::int32_t> halves(static_cast<std::size_t>(H), 1 << 14);
  for (std::int8_t& each : w) each = static_cast<std::int8_t>(draw.next() % 255 - 127);
  for (std::int16_t& each : m) each = static_cast<std::int16_t>(draw.next() % 4096);
  const auto units = static_cast<std::uint16_t>(H);
  const gatelet_q_dense right = {units, units, w.data(), m.data(), halves.data(), 15};
  const bool low = draw.next() % 2 == 0;
  std::vector<std::uint16_t> blocks;
  for (std::int64_t j = 0; j < H; ++j) {  // all of them: the list itself is what is tried
    for (const std::int64_t count : {groups(I), groups(H)}) {
      blocks.push_back(static_cast<std::uint16_t>(count));
      for (std::int64_t k = 0; k < count; ++k) blocks.push_back(static_cast<std::uint16_t>(k));
    }
  }
  for (int t = 0; t < 3; ++t) {
    auto x = any<std::int16_t>(bytes, I);
    if (kind == 0 && low) gatelet_q_gru_low_rank_step(&cell, &right, x.get(), h.get(), scratch.get());
    else if (kind == 0) gatelet_q_gru_step(&cell, x.get(), h.get(), scratch.get());
    if (kind == 1 && low) gatelet_q_lstm_low_rank_step(&cell, &right, x.get(), h.get(), c.get(), scratch.get());
    else if (kind == 1) gatelet_q_lstm_step(&cell, x.get(), h.get(), c.get(), scratch.get());
    if (kind == 2) gatelet_q_fastgrnn_step(&cell, x.get(), h.get(), scratch.get());
    if (kind == 3) gatelet_q_gru_sparse_step(&cell, blocks.data(), x.get(), h.get(), scratch.get());
  }
}

void integer_layers(Bytes& bytes, Draw& draw) {
  const std::int64_t I = bytes.between(1, 21), O = bytes.between(1, 21);
  auto x = any<std::int16_t>(bytes, I), y = array<std::int16_t>(O);
  const auto w = weights(draw, bytes, O, groups(I));
  const auto shift = static_cast<std::uint8_t>(bytes.between(1, 24));
  std::vector<std::int16_t> m;
  std::vector<std::int32_t> b;
  for (std::int64_t o = 0; o < O; ++o) {
    const std::int64_t sum = most(w.data() + o * groups(I) * 4, groups(I), 4), room = (std::int64_t{1} << 31) - 1 - (std::int64_t{1} << (shift - 1));
    const std::int64_t multiplier = room / 2 / sum > 32767 ? 32767 : room / 2 / sum;
    m.push_back(static_cast<std::int16_t>(multiplier));
    const std::int64_t bias = (draw.next() % 2 ? -1 : 1) * (room - multiplier * sum);
    b.push_back(static_cast<std::int32_t>(bias + (std::int64_t{1} << (shift - 1))));
  }
  const gatelet_q_dense layer = {static_cast<std::uint16_t>(I), static_cast<std::uint16_t>(O), w.data(), m.data(), b.data(), shift};
  auto scratch = array<gatelet_four>(GATELET_Q_SCRATCH(I, 0));
  gatelet_q_dense_step(&layer, x.get(), y.get(), scratch.get());
  gatelet_q_embed(w.data(), m.data(), static_cast<std::uint16_t>(O), static_cast<std::uint16_t>(groups(I)),
                  static_cast<std::uint8_t>(bytes.between(1, 16)), bytes.take<std::uint16_t>(), array<std::int16_t>(groups(I)).get());
  const auto centers = any<std::int16_t>(bytes, I), factors = any<std::int16_t>(bytes, I);
  for (std::int64_t k = 0; k < I; ++k) factors[k] = static_cast<std::int16_t>(factors[k] & 32767);
  gatelet_q_affine(centers.get(), factors.get(), static_cast<std::uint16_t>(I), static_cast<std::uint8_t>(bytes.between(1, 14)), x.get(), x.get());
  const auto size = static_cast<std::uint16_t>(I);
  gatelet_q_sigmoid(x.get(), size), gatelet_q_tanh(x.get(), size), gatelet_q_relu(x.get(), size), gatelet_q_argmax(x.get(), size);
}

// Floats of any bits, also as weights.
void float_steps(Bytes& bytes, Draw& draw, int kind) {
  static const int G[] = {3, 4, 1, 1, 2, 3, 2, 2, 3}, N[] = {4, 4, 2, 1, 2, 3, 2, 2, 3};
  const std::int64_t I = bytes.between(1, 21), H = bytes.between(1, 21);
  const bool scan = kind > 6;
  const std::int64_t rank = kind < 2 && draw.next() % 2 == 0 ? 1 + static_cast<std::int64_t>(draw.next() % 21) : 0;
  const std::int64_t count = H * (groups(I) + (scan ? 0 : groups(rank > 0 ? rank : H))) * G[kind] * 4;
  auto w = array<float>(count), b = any<float>(bytes, H * N[kind]);
  const float scale = std::ldexp(1.0f, static_cast<int>(bytes.between(0, 3)) * 40 - 33);
  for (std::int64_t k = 0; k < count; ++k) w[k] = scale * (static_cast<float>(draw.next()) / 1073741824.0f - 1.0f);
  const gatelet_f_cell cell = {static_cast<std::uint16_t>(I), static_cast<std::uint16_t>(H), w.get(), b.get(), bytes.take<float>(), bytes.take<float>()};
  auto h = any<float>(bytes, H), c = any<float>(bytes, H);
  const bool gated = kind == 5 || kind == 6;
  auto scratch = array<float>(scan ? GATELET_F_SCRATCH(I, 0) : gated ? GATELET_F_GATED_SCRATCH(I, H)
                                                                     : GATELET_F_LOW_RANK_SCRATCH(I, H, rank));
  const auto right = any<float>(bytes, rank * groups(H) * 4);
  static void (*const steps[])(const gatelet_f_cell*, const float*, float*, float*) = {
      gatelet_f_gru_step,        nullptr,           gatelet_f_fastgrnn_step, gatelet_f_rnn_step,     gatelet_f_ligru_step,
      gatelet_f_gru_before_step, gatelet_f_mgu_step, gatelet_f_min_gru_step,  gatelet_f_min_lstm_step};
  for (int t = 0; t < 3; ++t) {
    const auto x = any<float>(bytes, I);
    const auto r = static_cast<std::uint16_t>(rank);
    if (rank > 0 && kind == 1) gatelet_f_lstm_low_rank_step(&cell, right.get(), r, x.get(), h.get(), c.get(), scratch.get());
    else if (rank > 0) gatelet_f_gru_low_rank_step(&cell, right.get(), r, x.get(), h.get(), scratch.get());
    else if (kind == 1) gatelet_f_lstm_step(&cell, x.get(), h.get(), c.get(), scratch.get());
    else steps[kind](&cell, x.get(), h.get(), scratch.get());
  }
}

void float_layers(Bytes& bytes) {
  const std::int64_t I = bytes.between(1, 21), O = bytes.between(1, 21);
  const auto inputs = static_cast<std::uint16_t>(I), outputs = static_cast<std::uint16_t>(O);
  auto x = any<float>(bytes, I), y = array<float>(O), scratch = array<float>(GATELET_F_SCRATCH(I, 0));
  const auto w = any<float>(bytes, O * groups(I) * 4), b = any<float>(bytes, O), gains = any<float>(bytes, I), more = any<float>(bytes, I);
  gatelet_f_dense(w.get(), b.get(), inputs, outputs, x.get(), y.get(), scratch.get());
  gatelet_f_embed(w.get(), static_cast<std::uint16_t>(groups(I) * 4), outputs, bytes.take<std::uint16_t>(), y.get());
  gatelet_f_sigmoid(y.get(), outputs), gatelet_f_tanh(x.get(), inputs), gatelet_f_relu(y.get(), outputs);
  gatelet_f_layer_norm(gains.get(), more.get(), 1e-5f, inputs, x.get());
  gatelet_f_softmax(x.get(), inputs), gatelet_f_argmax(x.get(), inputs);
  gatelet_exp(bytes.take<float>());
  const std::int64_t width = groups(I) * 4, levels = bytes.between(1, 9), terms = bytes.between(1, 14);
  const auto at = any<std::int32_t>(bytes, I);
  gatelet_f_embed_mean(w.get(), outputs, static_cast<std::uint16_t>(width), at.get(), inputs, array<float>(width).get());
  const auto raw = any<float>(bytes, 3), series = any<float>(bytes, levels * terms);
  auto distribution = array<float>(3);
  gatelet_f_student_t(raw.get(), bytes.take<float>(), distribution.get());
  gatelet_f_student_t_quantiles(series.get(), static_cast<std::uint16_t>(terms), static_cast<std::uint16_t>(levels),
                                distribution.get(), array<float>(levels).get());
}

// Cells with LayerNorm, of floats of any bits.
void float_norms(Bytes& bytes) {
  const std::int64_t I = bytes.between(1, 9), H = bytes.between(1, 9), G = 4;
  const auto w_ih = any<float>(bytes, G * H * groups(I) * 4), w_hh = any<float>(bytes, G * H * groups(H) * 4);
  const auto gains = any<float>(bytes, 2 * G * H), biases = any<float>(bytes, 2 * G * H), x = any<float>(bytes, I);
  const gatelet_f_norm_cell cell = {static_cast<std::uint16_t>(I), static_cast<std::uint16_t>(H), w_ih.get(), w_hh.get(), gains.get(), biases.get()};
  auto h = any<float>(bytes, H), c = any<float>(bytes, H);
  auto of_three = array<float>(GATELET_F_NORM_SCRATCH(I, H, 3)), of_four = array<float>(GATELET_F_NORM_SCRATCH(I, H, 4));
  gatelet_f_norm_gru_step(&cell, x.get(), h.get(), of_three.get());
  gatelet_f_norm_gru_before_step(&cell, x.get(), h.get(), of_three.get());
  gatelet_f_norm_lstm_step(&cell, x.get(), h.get(), c.get(), of_four.get());
}

// Log-mel frames of floats of any bits; places and spans lie where `pack_log_mel` would put them.
void sound_steps(Bytes& bytes, Draw& draw) {
  const std::int64_t odd = 2 * bytes.between(0, 3) + 1, twos = bytes.between(0, 5), half = odd << twos, bands = bytes.between(1, 5);
  const std::int64_t length = 1 + static_cast<std::int64_t>(draw.next()) % (2 * half), hop = 1 + static_cast<std::int64_t>(draw.next()) % length;
  auto places = array<std::uint16_t>(half), spans = array<std::uint16_t>(2 * bands);
  for (std::int64_t k = 0; k < half; ++k) places[k] = static_cast<std::uint16_t>(half - 1 - k);
  std::int64_t columns = 0;
  for (std::int64_t m = 0; m < bands; ++m) {
    const std::int64_t first = static_cast<std::int64_t>(draw.next()) % (half + 1), count = static_cast<std::int64_t>(draw.next()) % (half + 2 - first);
    spans[2 * m] = static_cast<std::uint16_t>(first), spans[2 * m + 1] = static_cast<std::uint16_t>(count);
    columns += count;
  }
  std::int64_t turned = odd > 1 ? odd : 0, part = odd;  // exactly what the transform takes
  if (twos % 2 == 1) turned += part, part *= 2;
  for (; part < half; part *= 4) turned += 3 * (part - 1);
  auto window = array<float>(length), turns = array<float>(2 * (turned + half / 2)), filters = array<float>(columns);
  const auto drawn = [&draw] { return static_cast<float>(draw.next()) / 1073741824.0f - 1.0f; };
  for (std::int64_t k = 0; k < length; ++k) window[k] = drawn();
  for (std::int64_t k = 0; k < 2 * (turned + half / 2); ++k) turns[k] = drawn();
  for (std::int64_t k = 0; k < columns; ++k) filters[k] = drawn();
  const auto size = [](std::int64_t value) { return static_cast<std::uint16_t>(value); };
  const gatelet_f_log_mel sound = {size(hop),    size(length), size(half),  size(odd),   size(bands),   bytes.take<float>(),
                                   window.get(), places.get(), turns.get(), spans.get(), filters.get()};
  auto samples = any<float>(bytes, length - hop), y = array<float>(bands), scratch = array<float>(GATELET_F_LOG_MEL_SCRATCH(half, odd));
  for (int t = 0; t < 3; ++t) {
    const auto x = any<float>(bytes, hop);
    gatelet_f_log_mel_step(&sound, x.get(), samples.get(), y.get(), scratch.get());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes{data, size};
  const int kind = static_cast<int>(bytes.between(0, 14));
  Draw draw{bytes.take<std::uint16_t>()};
  if (kind < 4) integer_steps(bytes, draw, kind);
  else if (kind == 4) integer_layers(bytes, draw);
  else if (kind < 14) float_steps(bytes, draw, kind - 5);
  else float_layers(bytes), sound_steps(bytes, draw), float_norms(bytes);
  return 0;
}
