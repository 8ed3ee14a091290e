// A plan that is ready to run: its weights packed once, its operations in order, one step of many streams per call.
//
// Every value of a step is a row of floats per stream. What a stream remembers is one block of floats, its operations'
// states one after the other; whoever calls owns these blocks, so a program itself has no memory of any stream.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gatelet {

// Where a value lies: `offset` floats from the beginning of a row of values, `width` of them.
struct Slot {
  std::int64_t offset;
  std::int64_t width;
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
  std::int64_t state;                 // where its states begin in the block of a stream
  std::vector<double> settings;       // as the operation's constructor in program.cpp reads them
  std::vector<Weight> weights;        // copied or packed, not kept
};

class Program {
 public:
  virtual ~Program() = default;

  // Throws std::invalid_argument for an operation that it does not know.
  virtual void add(const Description& description) = 0;

  // One step of some streams: the inputs lie in `values` (rows, width of all values), the outputs are left there.
  virtual void step(float* values, float* const* states, std::int64_t rows) = 0;
};

}  // namespace gatelet
