// How the threads share a sequence: by rows of the batch (nobody waits for anybody), or by hidden units (a barrier per step).
#pragma once

#include "panels.h"
#include "recurrent.h"

namespace gatelet::GATELET_ISA {

struct Range {
  std::int64_t first;
  std::int64_t last;
};

inline Range share(std::int64_t count, int rank, int size) { return {count * rank / size, count * (rank + 1) / size}; }

enum class By { rows, units };

struct Split {
  By by;
  int threads;
};

// Cycles of one step for one thread: arithmetic, or reading its part of W_hh from the cache that can hold it.
inline double step_cycles(double rows, double weights) {
  const double arithmetic = rows * weights / (2.0 * lanes);
  const double bytes = weights * 4.0;
  const double reading = bytes / (bytes < 768.0 * 1024.0 ? 40.0 : 14.0);
  return larger(static_cast<std::int64_t>(arithmetic), static_cast<std::int64_t>(reading)) + 20.0 * rows;
}

// `barriers`: how often threads that share the units wait for each other in a step.
inline Split choose_split(const Sequence& sequence, std::int64_t hidden, int gates, int threads, int barriers) {
  const double weights = static_cast<double>(hidden) * static_cast<double>(hidden) * gates;
  const double rows = static_cast<double>(sequence.batch);
  const double alone = step_cycles(rows, weights);
  const std::int64_t most_rows = smaller(threads, sequence.batch);
  const std::int64_t most_units = smaller(threads, blocks_of(hidden, lanes));
  const double by_rows = step_cycles(static_cast<double>(blocks_of(sequence.batch, most_rows)), weights);
  const double barrier = 300.0 + 100.0 * static_cast<double>(most_units);
  const double by_units = step_cycles(rows, weights / static_cast<double>(most_units)) + barriers * barrier;
  if (alone <= by_rows && alone <= by_units) return {By::rows, 1};
  if (by_rows <= by_units) return {By::rows, static_cast<int>(most_rows)};
  return {By::units, static_cast<int>(most_units)};
}

// The rows of the batch that belong to a thread. Where lengths differ, shares have equal numbers of valid steps.
inline Range row_share(const Sequence& sequence, int rank, int size) {
  if (sequence.offsets == nullptr) return share(sequence.batch, rank, size);
  const std::int64_t total = sequence.total_rows();
  const auto boundary = [&](int part) {
    std::int64_t steps = 0;
    std::int64_t length = sequence.steps;  // of sequence b; lengths fall as b rises
    for (std::int64_t b = 0; b < sequence.batch; ++b) {
      while (length > 0 && sequence.rows(length - 1) <= b) --length;
      if (steps >= total * part / size) return b;
      steps += length;
    }
    return sequence.batch;
  };
  return {boundary(rank), rank + 1 == size ? sequence.batch : boundary(rank + 1)};
}

// The rows of step t inside a share.
inline Range rows_of_step(const Sequence& sequence, std::int64_t t, Range rows) {
  const std::int64_t last = smaller(rows.last, sequence.rows(t));
  return {rows.first, larger(last, rows.first)};
}

// Steps of forward whose inputs are projected together: as many as leave a thread's part in its second-level cache.
inline std::int64_t projected_steps(const Sequence& sequence, std::int64_t hidden, const Split& split) {
  const std::int64_t bytes = 16 * hidden / (split.by == By::units ? split.threads : 1);  // of one row, four gates
  const std::int64_t rows = larger(32, smaller(256, 512 * 1024 / larger(1, bytes)));
  const std::int64_t together = split.by == By::rows ? rows * split.threads : rows;
  return larger(1, smaller(sequence.steps, together / sequence.batch));
}

// Steps of backward between two products over many rows: enough rows for a real matrix product. Not a matter of threads,
// because weight gradients are summed in this order.
inline std::int64_t gradient_steps(const Sequence& sequence) {
  return larger(1, smaller(sequence.steps, 256 / sequence.batch));
}

}  // namespace gatelet::GATELET_ISA
