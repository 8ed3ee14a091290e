// The program itself. Each file of operations, program_*.cpp, says which settings and weights of a description they read;
// shapes were checked by the plan.
#include "program_parts.h"

namespace gatelet::GATELET_ISA {
namespace {

std::unique_ptr<Part> new_part(const Description& d) {
  for (auto* make : {new_cell, new_layer, new_joining, new_attention, new_window, new_quantiles, new_sound,
                     new_integer_cell, new_integer_layer}) {
    if (std::unique_ptr<Part> part = make(d)) return part;
  }
  throw std::invalid_argument("A program must be made of operations that it knows; got " + d.kind + ".");
}

class PackedProgram : public Program {
 public:
  explicit PackedProgram(std::int64_t width) : width_(width) {}

  void add(const Description& description) override { parts_.push_back(new_part(description)); }

  void step(std::byte* values, std::byte* const* states, std::int64_t streams) override {
    const Step step{values, width_, states, streams};
    for (const std::unique_ptr<Part>& part : parts_) part->run(step);
    for (const std::unique_ptr<Part>& part : parts_) part->end(step);
  }

 private:
  std::int64_t width_;  // bytes of the values of a stream
  std::vector<std::unique_ptr<Part>> parts_;
};

}  // namespace

std::unique_ptr<Program> new_program(std::int64_t width) { return std::make_unique<PackedProgram>(width); }

}  // namespace gatelet::GATELET_ISA
