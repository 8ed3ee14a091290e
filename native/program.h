// A plan that is ready to run: its weights packed once, its operations in order, one step of many streams per call.
//
// The values of a step are a row of bytes per stream, and so is what a stream remembers, its operations' states one after the
// other; whoever calls owns these rows, so a program itself has no memory of any stream. Numbers are floats, or doubles where
// the file of an operation says so; whole numbers are floats too, exact below 2^24.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gatelet {

// Where a value lies in a row: `rows` times `width` numbers, `offset` bytes from its beginning.
struct Slot {
  std::int64_t offset;
  std::int64_t rows;
  std::int64_t width;
  std::int64_t length = -1;  // where the row of values says, as a float, how many of the rows there are; -1: all

  std::int64_t size() const { return rows * width; }
};

// An array of a plan, row-major; null stands for none.
struct Weight {
  const float* data;
  std::int64_t size;
};

// What an operation is made of, checked by the plan that it comes from.
struct Description {
  std::string kind;                   // the name of the operation in gatelet.plan
  std::vector<Slot> inputs;
  std::vector<Slot> outputs;
  std::int64_t state;                 // where its states begin in the block of a stream, in bytes
  std::vector<double> settings;       // as the operation's constructor reads them
  std::vector<Weight> weights;        // copied or packed, not kept
  std::vector<std::string> constants; // the bytes of integers, as the runtime for devices wants them
  bool doubles = false;               // whether it writes doubles
  bool rounded = false;               // whether its matrices are rounded to bfloat16
};

class Program {
 public:
  virtual ~Program() = default;

  // Throws std::invalid_argument for an operation that it does not know.
  virtual void add(const Description& description) = 0;

  // One step of some streams: the inputs lie in `values` (streams, width of all values), the outputs are left there. Both
  // kinds of rows begin at multiples of eight bytes.
  virtual void step(std::byte* values, std::byte* const* states, std::int64_t streams) = 0;
};

}  // namespace gatelet
