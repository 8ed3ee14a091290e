// What a scan cell is asked to compute: one layer, one direction, a whole sequence per call. Its gates see the input
// alone, so the caller projects them in one product, and what is left is h' = keep * h + add, unit by unit.
//
// Arrays hold floats, or bfloat16 where `half` is set; the state between steps is a float either way.
#pragma once

#include "recurrent.h"

namespace gatelet {

struct Scan {
  Sequence sequence;
  std::int64_t hidden;           // H
  bool half;                     // arrays are bfloat16
  const void* gates;             // (rows, G H) projected inputs with their bias
  const void* h0;                // (B, H), or null for zeros
  const std::uint8_t* resets;    // (rows): nonzero zeroes the state before that row's step; or null
};

struct ScanForward : Scan {
  void* y;                       // (rows, H)
  void* h_n;                     // (B, H) state after each sequence's last step
};

struct ScanBackward : Scan {
  std::int64_t dy_stride;        // values from one row of dy to the next: H, or 2 H where two directions share it
  const void* y;                 // as written by forward
  const void* dy;                // (rows, dy_stride), or null for zeros
  const void* dh_n;              // (B, H), or null for zeros
  void* dgates;                  // (rows, G H)
  void* dh0;                     // (B, H)
};

// One cell. `threads` is an upper limit; the result's bits do not depend on it.
struct ScanKernels {
  const char* name;
  void (*forward)(const ScanForward&, int threads);
  void (*backward)(const ScanBackward&, int threads);
};

}  // namespace gatelet
