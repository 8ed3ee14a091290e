// Programs of any operations over any frames and states: no memory is touched that is not theirs, nothing is undefined.
// Weights are finite, and sizes and settings those that a plan lets through; frames and states may hold any bits.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "bytes.h"
#include "program.h"

namespace gatelet {
#define GATELET_DECLARE(isa) \
  namespace isa { std::unique_ptr<Program> new_program(std::int64_t width); }
GATELET_DECLARE(portable)
GATELET_DECLARE(avx2)
}  // namespace gatelet

namespace {

using gatelet::Description;
using gatelet::Program;
using gatelet::Slot;
using gatelet::Weight;

std::unique_ptr<Program> chosen(int number, std::int64_t width) {
#ifdef __x86_64__
  if (number == 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return gatelet::avx2::new_program(width);
#endif
  (void)number;
  return gatelet::portable::new_program(width);
}

// One operation after the other, each of what the one before wrote.
class Builder {
 public:
  Builder(Bytes& bytes, std::int64_t width) : bytes_(bytes), draw_{bytes.take<std::uint16_t>()} { value(width); }

  void add() {
    const std::int64_t F = last().width, number = bytes_.between(0, 21);
    static const char* const cells[] = {"GRU", "GRU reset before", "LSTM", "RNN", "MGU", "LiGRU", "FastGRNN", "MinGRU", "MinLSTM"};
    static const int gates[] = {3, 3, 4, 1, 2, 2, 1, 2, 3};
    if (number < 9) return cell(cells[number], gates[number], F, bytes_.between(1, 33));
    Description d{"", {last()}, {}, state_, {}, {}};
    const std::int64_t other = bytes_.between(1, 33);
    switch (number) {
      case 9: d.settings = {double(bytes_.between(0, 4))}; return finish("Dense", d, other, 0, {other * F, bytes_.between(0, 1) * other});
      case 10: d.settings = {1.0}; return finish("Embedding", d, other, 0, {other * bytes_.between(1, 9)});
      case 11: d.settings = {double(bytes_.between(0, 3)), 0.0}; return finish("Pool", d, F, F + 1, {});
      case 12: d.settings = {0.0}; return finish("AttentionPool", d, F, F + 2, {other * F, other, other});
      case 13: d.settings = {double(bytes_.between(0, 1)), double(bytes_.between(0, F - 1))}; return finish("Softmax", d, F, 0, {});
      case 14:
        finish("to double", d, F, 0, {}, sizeof(double));
        d = {"", {last()}, {}, state_, {}, {}};
        return finish("Standardize", d, F, 0, {F, F});
      case 15: d.settings = {1e-5}; return finish("LayerNorm", d, F, 0, {F, F});
      case 16: d.inputs.push_back(last()); return finish("Concatenate", d, 2 * F, 0, {});
      case 17: d.inputs.push_back(last()); return finish("Add", d, F, 0, {bytes_.between(0, 1) * F});
      case 18: return finish("Delay", d, F, F, {});
      case 19: d.settings = {double(bytes_.between(0, 4))}; return finish("Activation", d, F, 0, {});
    }
    if (number == 20) return finish(bytes_.between(0, 1) ? "Filled" : "Observed", d, F, 0, {});
    d.settings = {0.0};
    finish("CTCGreedy", d, 1, 1, {});
    d = {"", {last()}, {}, state_, {}, {}};
    d.settings = {double(bytes_.between(1, 65535)), double(bytes_.take<std::uint32_t>()), double(bytes_.between(0, 9)), 0.0};
    finish("Pairs", d, 1, 1, {});
  }

  std::unique_ptr<Program> build() {
    std::unique_ptr<Program> program = chosen(static_cast<int>(bytes_.between(0, 1)), width_);
    for (const Description& description : operations_) program->add(description);
    return program;
  }

  std::int64_t width() const { return width_; }
  std::int64_t states() const { return state_; }

 private:
  Slot last() const { return values_.back(); }

  // Both kinds of rows begin at multiples of eight bytes, and so does everything in them here.
  void value(std::int64_t width, std::size_t bytes = sizeof(float)) {
    values_.push_back({width_, 1, width});
    width_ += (width * static_cast<std::int64_t>(bytes) + 7) / 8 * 8;
  }

  Weight weight(std::int64_t size) {
    if (size == 0) return {nullptr, 0};
    std::vector<float> numbers(static_cast<std::size_t>(size));
    const float scale = std::ldexp(1.0f, static_cast<int>(bytes_.between(0, 3)) * 40 - 33);  // up to 2^88
    const std::size_t blocks = static_cast<std::size_t>(bytes_.between(0, 1)) * 7 + 1;  // one of so many is not zero
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const float each = scale * (static_cast<float>(draw_.next()) / 1073741824.0f - 1.0f);
      numbers[k] = k / 4 % blocks == 0 ? each : 0.0f;
    }
    arrays_.push_back(std::make_unique<std::vector<float>>(std::move(numbers)));
    return {arrays_.back()->data(), size};
  }

  void finish(const char* kind, Description& d, std::int64_t width, std::int64_t states, const std::vector<std::int64_t>& sizes,
              std::size_t bytes = sizeof(float)) {
    d.kind = kind;
    d.rounded = operations_.size() % 2 == 1;
    for (const std::int64_t size : sizes) d.weights.push_back(weight(size));
    value(width, bytes);
    state_ += (states * 4 + 7) / 8 * 8;
    d.outputs = {last()};
    operations_.push_back(d);
  }

  void cell(const std::string& kind, std::int64_t G, std::int64_t I, std::int64_t H) {
    const bool scan = kind.rfind("Min", 0) == 0, fast = kind == "FastGRNN";
    const bool norm = (kind == "GRU" || kind == "LSTM") && bytes_.between(0, 1);
    const std::int64_t restart = bytes_.between(0, 2);
    Description d{"", {last()}, {}, state_, {double(H), double(restart), 0.0, 0.0}, {}};
    const bool low = (kind == "GRU" || kind == "LSTM") && !norm && draw_.next() % 4 == 0;
    const std::int64_t rank = low ? 1 + static_cast<std::int64_t>(draw_.next()) % H : 0;
    const std::int64_t b = fast ? 2 * H : G * H, u = scan ? 0 : G * H * (low ? rank : H), gains = norm ? G * H : 0;
    const std::int64_t b_hh = scan || fast ? 0 : b;
    finish(kind.c_str(), d, H, H * (kind == "LSTM" ? 2 : 1) + (restart > 0),
           {G * H * I, u, b, b_hh, gains, gains, fast ? 2 : 0, rank * H});
  }

  Bytes& bytes_;
  Draw draw_;
  std::vector<Slot> values_;
  std::vector<Description> operations_;
  std::vector<std::unique_ptr<std::vector<float>>> arrays_;
  std::int64_t width_ = 0, state_ = 0;
};

void put(std::byte* place, float number) { std::memcpy(place, &number, sizeof number); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes{data, size};
  const std::int64_t inputs = bytes.between(1, 9), streams = bytes.between(1, 40), steps = bytes.between(1, 3);
  Builder builder(bytes, inputs);
  for (std::int64_t count = bytes.between(1, 6); count > 0; --count) builder.add();
  const std::unique_ptr<Program> program = builder.build();
  // exactly as large as they must be, so that a step too far is seen
  std::vector<std::byte> values(static_cast<std::size_t>(streams * builder.width()));
  std::vector<std::unique_ptr<std::byte[]>> states;
  std::vector<std::byte*> pointers;
  for (std::int64_t b = 0; b < streams; ++b) {
    states.push_back(std::make_unique<std::byte[]>(static_cast<std::size_t>(builder.states())));
    pointers.push_back(states.back().get());
    for (std::int64_t k = 0; k < builder.states(); k += 4) put(pointers.back() + k, bytes.take<float>());
  }
  for (std::int64_t t = 0; t < steps; ++t) {
    for (std::int64_t b = 0; b < streams; ++b) {
      for (std::int64_t k = 0; k < inputs; ++k) put(values.data() + b * builder.width() + 4 * k, bytes.take<float>());
    }
    program->step(values.data(), pointers.data(), streams);
  }
  return 0;
}
