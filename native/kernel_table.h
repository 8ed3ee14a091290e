// All cells compiled for one instruction set, found by name.
#pragma once

#include <cstring>
#include <memory>

#include "program.h"
#include "recurrent.h"
#include "scan.h"

namespace gatelet {

struct Kernels {
  const char* name;
  const CellKernels* cells;
  int count;
  const ScanKernels* scans;
  int scan_count;
  const CellKernels* halves;  // over bfloat16 arrays
  int half_count;
  std::unique_ptr<Program> (*new_program)(std::int64_t width);  // of rows of values so wide

  // By name; null if there is none.
  const CellKernels* find(const char* cell, bool half) const {
    return half ? find_in(halves, half_count, cell) : find_in(cells, count, cell);
  }
  const ScanKernels* find_scan(const char* cell) const { return find_in(scans, scan_count, cell); }

 private:
  template <class Row>
  static const Row* find_in(const Row* rows, int count, const char* cell) {
    for (int i = 0; i < count; ++i) {
      if (std::strcmp(rows[i].name, cell) == 0) return &rows[i];
    }
    return nullptr;
  }
};

}  // namespace gatelet
