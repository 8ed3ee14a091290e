// W x + b where W has blocks of zeros: a block is what the V gates of one unit have for four columns. Only the others are
// read.
//
// Units with about as many blocks stand together, four of them to a team, so that all loops are of a length that the
// processor foresees. A team with fewer blocks than its first unit is filled up with zeros.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "simd.h"

namespace gatelet::GATELET_ISA {

template <int V>
class SparseProduct {
 public:
  // Whether so few blocks of the weight, (V * width, depth), are there that leaving the others out is faster. Small
  // matrices are read as quickly whole.
  static bool pays(const float* weight, std::int64_t width, std::int64_t depth) {
    if (V * width * depth < 8192) return false;
    const std::int64_t all = width * groups(depth);
    std::int64_t there = 0;
    for (std::int64_t j = 0; j < width; ++j) there += static_cast<std::int64_t>(found(weight, width, depth, j).size());
    return 10 * there <= 3 * all;
  }

  SparseProduct(const float* weight, const float* bias, std::int64_t width, std::int64_t depth)
      : width_(width), depth_(depth), bias_(V * width) {
    if (bias != nullptr) std::copy_n(bias, V * width, bias_.data());
    std::vector<std::vector<std::int32_t>> blocks;
    for (std::int64_t j = 0; j < width; ++j) blocks.push_back(found(weight, width, depth, j)), units_.push_back(j);
    std::stable_sort(units_.begin(), units_.end(),
                     [&](std::int64_t a, std::int64_t b) { return blocks[a].size() > blocks[b].size(); });
    std::int64_t all = 0;
    for (std::int64_t first = 0; first < width; first += 4) {
      lengths_.push_back(static_cast<std::int64_t>(blocks[units_[first]].size()));
      all += lengths_.back();
    }
    columns_.resize(4 * all);
    weights_.resize(4 * all * V * 4);
    std::int64_t at = 0;
    for (std::size_t team = 0; team < lengths_.size(); at += lengths_[team++]) {
      for (std::int64_t u = 0; u < 4 && 4 * static_cast<std::int64_t>(team) + u < width; ++u) {
        const std::int64_t j = units_[4 * team + u];
        for (std::size_t k = 0; k < blocks[j].size(); ++k) place(weight, j, blocks[j][k], 4 * (at + k) + u);
      }
    }
  }

  // out[b][v * width + j] = bias + sum over k of in[b][k] * w[v, j, k].
  void run(const float* const* in, float* const* out, std::int64_t rows) const {
    std::int64_t b = 0;
    for (; b + lanes <= rows; b += lanes) run_side_by_side(in + b, out + b);
    for (; b < rows; ++b) run_one(in[b], out[b]);
  }

 private:
  typedef float four __attribute__((vector_size(16)));
  typedef float unaligned_four __attribute__((vector_size(16), aligned(4), may_alias));
  typedef std::int32_t places __attribute__((vector_size(16)));

  static std::int64_t groups(std::int64_t depth) { return (depth + 3) / 4; }

  GATELET_INLINE static four load_four(const float* p) { return *reinterpret_cast<const unaligned_four*>(p); }
  GATELET_INLINE static void store_four(float* p, four value) { *reinterpret_cast<unaligned_four*>(p) = value; }

  // Numbers i, j, k, l of a and b, one after the other.
  template <int i, int j, int k, int l>
  GATELET_INLINE static four picked(four a, four b) {
#ifdef __clang__
    return __builtin_shufflevector(a, b, i, j, k, l);
#else
    return __builtin_shuffle(a, b, places{i, j, k, l});
#endif
  }

  GATELET_INLINE static void transpose(four& a, four& b, four& c, four& d) {
    const four ab = picked<0, 4, 1, 5>(a, b), ab2 = picked<2, 6, 3, 7>(a, b);
    const four cd = picked<0, 4, 1, 5>(c, d), cd2 = picked<2, 6, 3, 7>(c, d);
    a = picked<0, 1, 4, 5>(ab, cd), b = picked<2, 3, 6, 7>(ab, cd);
    c = picked<0, 1, 4, 5>(ab2, cd2), d = picked<2, 3, 6, 7>(ab2, cd2);
  }

  // A row: four columns of a block at a time.
  void run_one(const float* in, float* out) const {
    const float* x = in;
    if (depth_ % 4 != 0) {
      padded_.resize(static_cast<std::size_t>(4 * groups(depth_)));
      x = std::copy_n(in, depth_, padded_.data()) - depth_;
    }
    const std::int32_t* column = columns_.data();
    const float* w = weights_.data();
    for (std::int64_t team = 0; team < teams(); ++team) {
      four sums[4][V] = {};
      for (std::int64_t k = lengths_[team]; k > 0; --k, column += 4) {
#pragma GCC unroll 4
        for (int u = 0; u < 4; ++u) {
          const four value = load_four(x + column[u]);
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v, w += 4) sums[u][v] += value * load_four(w);
        }
      }
      const std::int64_t* units = units_.data() + 4 * team;
      const std::int64_t count = std::min<std::int64_t>(4, width_ - 4 * team);
      for (int v = 0; v < V; ++v) {
        transpose(sums[0][v], sums[1][v], sums[2][v], sums[3][v]);
        const four total = (sums[0][v] + sums[1][v]) + (sums[2][v] + sums[3][v]);
        for (std::int64_t u = 0; u < count; ++u) out[v * width_ + units[u]] = total[u] + bias_[v * width_ + units[u]];
      }
    }
  }

  // As many rows as a vector has lanes: the vectors are of one column, or of one sum, of all of them.
  void run_side_by_side(const float* const* in, float* const* out) const {
    across_.resize(static_cast<std::size_t>((4 * groups(depth_) + V * width_) * lanes));
    float *const x = across_.data(), *const y = x + 4 * groups(depth_) * lanes;
    turn(in, x);
    const std::int32_t* column = columns_.data();
    const float* w = weights_.data();
    for (std::int64_t team = 0; team < teams(); ++team) {
      vec sums[4][V] = {};
      for (std::int64_t k = lengths_[team]; k > 0; --k, column += 4) {
#pragma GCC unroll 4
        for (int u = 0; u < 4; ++u, w += 4 * V) {
#pragma GCC unroll 4
          for (int c = 0; c < 4; ++c) {
            const vec value = load(x + (column[u] + c) * lanes);
#pragma GCC unroll 4
            for (int v = 0; v < V; ++v) sums[u][v] += broadcast(w[4 * v + c]) * value;
          }
        }
      }
      for (std::int64_t u = 0; u < 4 && 4 * team + u < width_; ++u) {
        for (int v = 0; v < V; ++v) {
          const std::int64_t to = v * width_ + units_[static_cast<std::size_t>(4 * team + u)];
          store(y + to * lanes, sums[u][v] + broadcast(bias_[static_cast<std::size_t>(to)]));
        }
      }
    }
    turn_back(y, out);
  }

  // Rows (lanes, depth) as columns (depth, lanes).
  void turn(const float* const* in, float* x) const {
    for (std::int64_t b = 0; b < lanes; b += 4) {
      std::int64_t k = 0;
      for (; k + 4 <= depth_; k += 4) {
        four a[4] = {load_four(in[b] + k), load_four(in[b + 1] + k), load_four(in[b + 2] + k), load_four(in[b + 3] + k)};
        transpose(a[0], a[1], a[2], a[3]);
        for (int c = 0; c < 4; ++c) store_four(x + (k + c) * lanes + b, a[c]);
      }
      for (; k < depth_; ++k) {
        for (int c = 0; c < 4; ++c) x[k * lanes + b + c] = in[b + c][k];
      }
    }
  }

  // Sums (V * width, lanes) as rows.
  void turn_back(const float* y, float* const* out) const {
    for (std::int64_t b = 0; b < lanes; b += 4) {
      std::int64_t k = 0;
      for (; k + 4 <= V * width_; k += 4) {
        const float* from = y + k * lanes + b;
        four a[4] = {load_four(from), load_four(from + lanes), load_four(from + 2 * lanes), load_four(from + 3 * lanes)};
        transpose(a[0], a[1], a[2], a[3]);
        for (int c = 0; c < 4; ++c) store_four(out[b + c] + k, a[c]);
      }
      for (; k < V * width_; ++k) {
        for (int c = 0; c < 4; ++c) out[b + c][k] = y[k * lanes + b + c];
      }
    }
  }

  // The first columns of the blocks of unit j that are not zero.
  static std::vector<std::int32_t> found(const float* weight, std::int64_t width, std::int64_t depth, std::int64_t j) {
    std::vector<std::int32_t> columns;
    for (std::int64_t first = 0; first < depth; first += 4) {
      bool there = false;
      for (std::int64_t v = 0; v < V; ++v) {
        for (std::int64_t k = first; k < std::min(first + 4, depth); ++k) there |= weight[(v * width + j) * depth + k] != 0.0f;
      }
      if (there) columns.push_back(static_cast<std::int32_t>(first));
    }
    return columns;
  }

  void place(const float* weight, std::int64_t j, std::int32_t column, std::int64_t at) {
    columns_[static_cast<std::size_t>(at)] = column;
    for (std::int64_t v = 0; v < V; ++v) {
      std::memcpy(weights_.data() + (at * V + v) * 4, weight + (v * width_ + j) * depth_ + column,
                  static_cast<std::size_t>(std::min<std::int64_t>(4, depth_ - column)) * sizeof(float));
    }
  }

  std::int64_t teams() const { return static_cast<std::int64_t>(lengths_.size()); }

  std::int64_t width_, depth_;
  std::vector<std::int64_t> units_;    // (width), those with the most blocks first
  std::vector<std::int64_t> lengths_;  // (teams) blocks of each unit
  std::vector<std::int32_t> columns_;  // (teams, length, 4): of the block of each unit
  std::vector<float> weights_;         // (teams, length, 4, V, 4)
  std::vector<float> bias_;            // (V * width)
  // scratch, empty until it is needed: a row whose last group of columns is full; rows and their sums side by side
  mutable std::vector<float> padded_, across_;
};

}  // namespace gatelet::GATELET_ISA
