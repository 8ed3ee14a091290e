// The frame of every scan cell: one pass over the steps, a vector of units at a time, nothing saved on the way.
//
// Units never meet, so the batch and its units are cut into groups, and each thread runs whole groups from the first step
// to the last. A group is small enough that its state stays in the first-level cache, and as wide as that allows, so that
// every step reads and writes long stretches of memory. Backward finds the gates again from the projected inputs, which
// it has to read anyway: exponentials are cheaper than the memory that they would be saved in.
#pragma once

#include "bf16.h"
#include "scan.h"
#include "split.h"
#include "threads.h"

namespace gatelet::GATELET_ISA {

// x + 1/2 where x >= 0, else s(x): the activation of Feng et al. 2024.
GATELET_INLINE vec positive(vec x) { return x >= 0.0f ? x + 0.5f : sigmoid(x); }
// Its derivative, from its value: above 1/2 the slope is 1, below it the sigmoid's.
GATELET_INLINE vec positive_slope(vec x, vec value) { return x >= 0.0f ? broadcast(1.0f) : value * (1.0f - value); }

struct ScanGroups {
  std::int64_t rows;         // of the batch, in one group
  std::int64_t units;        // blocks of lanes, in one group
  std::int64_t across;       // groups side by side in one row
  std::int64_t count;
  int threads;

  ScanGroups(const Sequence& sequence, std::int64_t hidden, int most_threads) {
    constexpr std::int64_t most_blocks = 2048 / lanes;  // 8 KiB of state
    const std::int64_t work = sequence.total_rows() * hidden;
    threads = static_cast<int>(smaller(most_threads, 1 + work / 16384));
    const std::int64_t blocks = blocks_of(hidden, lanes);
    // Rows of one sequence follow each other in a (B, T) array: there a group of one row reads one rising stream.
    rows = sequence.batch_first && sequence.offsets == nullptr ? 1 : larger(1, most_blocks / blocks);
    rows = larger(1, smaller(rows, sequence.batch / (2 * threads)));
    units = smaller(blocks, most_blocks);
    if (blocks_of(sequence.batch, rows) < threads) units = smaller(units, blocks_of(blocks * sequence.batch, threads));
    across = blocks_of(blocks, units);
    count = across * blocks_of(sequence.batch, rows);
  }

  std::int64_t state_size() const { return rows * units * lanes; }
  Range rows_of(std::int64_t group, std::int64_t batch) const {
    return {group / across * rows, smaller(batch, (group / across + 1) * rows)};
  }
  Range units_of(std::int64_t group, std::int64_t hidden) const {
    return {group % across * units, smaller(blocks_of(hidden, lanes), (group % across + 1) * units)};
  }
};

// Runs body(j, state of units j .. j + lanes) for the blocks of one row.
template <class Body>
GATELET_INLINE void for_blocks(Range units, float* state, Body body) {
  for (std::int64_t u = units.first; u < units.last; ++u, state += lanes) body(u * lanes, state);
}

template <class Value>
inline void fill_states(const Value* from, Range rows, Range units, std::int64_t H, float* state, std::int64_t width) {
  for (std::int64_t b = rows.first; b < rows.last; ++b, state += width) {
    for_blocks(units, state, [&](std::int64_t j, float* h) {
      store(h, from != nullptr ? load(from + b * H + j, H - j) : vec{});
    });
  }
}

template <class Value>
inline void copy_states(Value* to, Range rows, Range units, std::int64_t H, float* state, std::int64_t width) {
  for (std::int64_t b = rows.first; b < rows.last; ++b, state += width) {
    for_blocks(units, state, [&](std::int64_t j, float* h) { store(to + b * H + j, load(h), H - j); });
  }
}

template <class Cell, class Value>
inline void scan_group(const ScanForward& a, Range rows, Range units, float* states, std::int64_t width) {
  const std::int64_t H = a.hidden;
  const Value* gates = static_cast<const Value*>(a.gates);
  Value* y = static_cast<Value*>(a.y);
  fill_states(static_cast<const Value*>(a.h0), rows, units, H, states, width);
  for (std::int64_t k = 0; k < a.sequence.steps; ++k) {
    const std::int64_t t = a.sequence.step(k);
    const Range own = rows_of_step(a.sequence, t, rows);
    float* state = states;
    for (std::int64_t b = own.first; b < own.last; ++b, state += width) {
      const std::int64_t row = a.sequence.row(t, b);
      const bool reset = a.resets != nullptr && a.resets[row] != 0;
      const Value* g = gates + row * Cell::gates * H;
      Value* out = y + row * H;
      for_blocks(units, state, [&](std::int64_t j, float* h) {
        const vec after = Cell::step(g + j, H, H - j, reset ? vec{} : load(h));
        store(h, after);
        store(out + j, after, H - j);
      });
    }
  }
  copy_states(static_cast<Value*>(a.h_n), rows, units, H, states, width);
}

// The states before a step as forward left them: null stands for zeros.
template <class Value>
inline const Value* state_before(const ScanBackward& a, std::int64_t k, std::int64_t b, std::int64_t row) {
  if (a.resets != nullptr && a.resets[row] != 0) return nullptr;
  const std::int64_t before = a.sequence.row_before(k, b);
  if (before >= 0) return static_cast<const Value*>(a.y) + before * a.hidden;
  return a.h0 != nullptr ? static_cast<const Value*>(a.h0) + b * a.hidden : nullptr;
}

template <class Cell, class Value>
inline void scan_group_backward(const ScanBackward& a, Range rows, Range units, float* states, std::int64_t width) {
  const std::int64_t H = a.hidden;
  const Value* gates = static_cast<const Value*>(a.gates);
  const Value* dy = static_cast<const Value*>(a.dy);
  Value* dgates = static_cast<Value*>(a.dgates);
  fill_states(static_cast<const Value*>(a.dh_n), rows, units, H, states, width);
  for (std::int64_t k = a.sequence.steps - 1; k >= 0; --k) {
    const std::int64_t t = a.sequence.step(k);
    const Range own = rows_of_step(a.sequence, t, rows);
    float* state = states;
    for (std::int64_t b = own.first; b < own.last; ++b, state += width) {
      const std::int64_t row = a.sequence.row(t, b);
      const Value* before = state_before<Value>(a, k, b, row);
      const bool reset = a.resets != nullptr && a.resets[row] != 0;
      const Value* g = gates + row * Cell::gates * H;
      const Value* dout = dy != nullptr ? dy + row * a.dy_stride : nullptr;
      Value* dg = dgates + row * Cell::gates * H;
      for_blocks(units, state, [&](std::int64_t j, float* dh) {
        vec gradient = load(dh);
        if (dout != nullptr) gradient += load(dout + j, H - j);
        const vec h = before != nullptr ? load(before + j, H - j) : vec{};
        const vec earlier = Cell::differentiate(g + j, dg + j, H, H - j, h, gradient);
        store(dh, reset ? vec{} : earlier);
      });
    }
  }
  copy_states(static_cast<Value*>(a.dh0), rows, units, H, states, width);
}

// Groups go round the threads: where lengths differ, they fall with the row, and so everybody gets long and short ones.
template <class Group>
inline void for_groups(const Scan& a, int threads, Group run) {
  const ScanGroups groups(a.sequence, a.hidden, threads);
  auto body = [&](int rank, int size) {
    Buffer<float> states(groups.state_size());
    for (std::int64_t group = rank; group < groups.count; group += size) {
      run(groups.rows_of(group, a.sequence.batch), groups.units_of(group, a.hidden), states.data(), groups.units * lanes);
    }
  };
  parallel(groups.threads, body);
}

template <class Cell>
inline void run_scan(const ScanForward& a, int threads) {
  const std::size_t values = static_cast<std::size_t>(a.sequence.total_rows() * a.hidden);
  prefer_large_pages(a.y, values * (a.half ? 2 : 4));
  for_groups(a, threads, [&](Range rows, Range units, float* states, std::int64_t width) {
    (a.half ? scan_group<Cell, bf16> : scan_group<Cell, float>)(a, rows, units, states, width);
  });
}

template <class Cell>
inline void run_scan_backward(const ScanBackward& a, int threads) {
  const std::size_t values = static_cast<std::size_t>(a.sequence.total_rows() * a.hidden * Cell::gates);
  prefer_large_pages(a.dgates, values * (a.half ? 2 : 4));
  for_groups(a, threads, [&](Range rows, Range units, float* states, std::int64_t width) {
    (a.half ? scan_group_backward<Cell, bf16> : scan_group_backward<Cell, float>)(a, rows, units, states, width);
  });
}

template <class Cell>
constexpr ScanKernels kernels_of_scan(const char* name) {
  return {name, run_scan<Cell>, run_scan_backward<Cell>};
}

}  // namespace gatelet::GATELET_ISA
