// What all cells share: over which axis they run, where their states begin, and the streams or rows that step side by side.
#pragma once

#include "program_parts.h"

namespace gatelet::GATELET_ISA {

// What one row's step of a cell works on; x and u are the products of input and state, gate by gate.
struct Unit {
  const float* x;
  float* u;
  float* h;
  float* c;            // LSTM only
  const float* extra;  // FastGRNN: b_z, b_n, then zeta and nu squashed
  float* out;          // where h goes, and c unless null
  float* cell_out;
};

enum class Over { steps, rows, each };

// Inputs: x, then the states that it starts from, or none. Outputs: h, and c or none. Settings: H; steps or rows after which
// the state is zero again (0 for never); what it runs over; whether rows are read from the last to the first. State, over
// steps: h, c, and the number of the step where there is a start or a restart.
class Recurrent : public Part {
 public:
  Recurrent(const Description& d, std::int64_t states)
      : in_(d.inputs[0]),
        H_(whole(d, 0)),
        units_(block),
        outs_(d.outputs),
        starts_(d.inputs.begin() + 1, d.inputs.end()),
        states_(states),
        state_(d.state),
        restart_(whole(d, 1)),
        over_(static_cast<Over>(whole(d, 2))),
        reverse_(whole(d, 3) != 0) {}

  void run(const Step& step) override {
    if (over_ == Over::steps) {
      // a block of streams at a time, so that their products are still near when the equation reads them
      for (std::int64_t first = 0; first < step.streams; first += block) {
        run_steps(part_of(step, first, smaller(block, step.streams - first)));
      }
    } else if (over_ == Over::each) {
      run_each(step);
    } else {
      const std::int64_t streams = smaller(block, larger(1, 512 / larger(in_.rows, 1)));
      for (std::int64_t first = 0; first < step.streams; first += streams) {
        run_rows(part_of(step, first, smaller(streams, step.streams - first)));
      }
    }
  }

 protected:
  static constexpr std::int64_t block = 32;

  virtual void prepare(std::int64_t rows) = 0;            // for so many rows of inputs
  virtual void multiply_inputs(std::int64_t count) = 0;   // of the first rows of the list
  virtual const float* input(std::int64_t number) = 0;    // what a step reads of a row of the list
  virtual void advance(std::int64_t count) = 0;           // one step of the first units, whose outputs are written

  Slot in_;
  std::int64_t H_;
  std::vector<Unit> units_;
  RowList list_;

 private:
  static Step part_of(const Step& step, std::int64_t first, std::int64_t streams) {
    return {step.values + first * step.width, step.width, step.states + first, streams};
  }

  void need_room(std::int64_t rows) {
    list_.resize(rows);
    prepare(rows);
  }

  void run_steps(const Step& step) {
    need_room(step.streams);
    for (std::int64_t b = 0; b < step.streams; ++b) {
      begin(step, b);
      list_.in[b] = step.at(in_, b);
      units_[b] = unit(b, step.state(state_, b), step, b, 0);
    }
    multiply_inputs(step.streams);
    advance(step.streams);
  }

  // All rows of all streams side by side, each one step from the start.
  void run_each(const Step& step) {
    float* held = room(held_, block * states_ * H_);
    need_room(block);
    std::int64_t count = 0;
    const auto flush = [&] {
      multiply_inputs(count);
      advance(count);
      count = 0;
    };
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(in_, b);
      for (std::int64_t r = 0; r < rows; ++r) {
        float* h = held + count * states_ * H_;
        start(step, b, h);
        list_.in[count] = step.at(in_, b) + r * in_.width;
        units_[count] = unit(count, h, step, b, r);
        if (++count == block) flush();
      }
    }
    if (count > 0) flush();
  }

  // The products of all rows at once, then row after row, the streams side by side.
  void run_rows(const Step& step) {
    std::int64_t count = 0, longest = 0;
    need_room(step.streams * in_.rows);
    float* held = room(held_, step.streams * states_ * H_);
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(in_, b);
      for (std::int64_t r = 0; r < rows; ++r) list_.in[count++] = step.at(in_, b) + r * in_.width;
      start(step, b, held + b * states_ * H_);
      longest = larger(longest, rows);
    }
    multiply_inputs(count);
    for (std::int64_t t = 0; t < longest; ++t) {
      std::int64_t side = 0, first = 0;
      for (std::int64_t b = 0; b < step.streams; ++b) {
        const std::int64_t rows = step.rows(in_, b), row = reverse_ ? rows - 1 - t : t;
        float* h = held + b * states_ * H_;
        if (t < rows) {
          if (restart_ > 0 && t > 0 && (reverse_ ? row + 1 : row) % restart_ == 0) clear(h);
          units_[side++] = unit(first + row, h, step, b, row);
        }
        first += rows;
      }
      advance(side);
    }
  }

  // What the step of one row works on: `number` is that of its products of inputs, `row` that of its outputs.
  Unit unit(std::int64_t number, float* h, const Step& step, std::int64_t b, std::int64_t row) {
    float* cell = outs_.size() > 1 ? step.at(outs_[1], b) + row * H_ : nullptr;
    return {input(number), nullptr, h, h + H_, nullptr, step.at(outs_[0], b) + row * H_, cell};
  }

  void clear(float* h) const { std::memset(h, 0, bytes_of(states_ * H_)); }

  void start(const Step& step, std::int64_t b, float* h) const {
    if (starts_.empty()) return clear(h);
    for (std::size_t k = 0; k < starts_.size(); ++k) {
      std::memcpy(h + static_cast<std::int64_t>(k) * H_, step.at(starts_[k], b), bytes_of(H_));
    }
  }

  // The state begins with what it starts from, and anew after `restart` steps. What is counted is the place within a stretch,
  // or whether there was a step at all.
  void begin(const Step& step, std::int64_t b) const {
    if (restart_ == 0 && starts_.empty()) return;
    float* h = step.state(state_, b);
    float& number = h[states_ * H_];
    if (number == 0.0f && !starts_.empty()) {
      start(step, b, h);
    } else if (restart_ > 0 && number == static_cast<float>(restart_)) {
      clear(h);
      number = 0.0f;
    }
    number = restart_ > 0 ? number + 1.0f : 1.0f;
  }

  std::vector<Slot> outs_, starts_;
  std::int64_t states_, state_, restart_;
  Over over_;
  bool reverse_;
  std::vector<float> held_;  // states over rows
};

}  // namespace gatelet::GATELET_ISA
