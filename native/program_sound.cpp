// Samples of sound to mel bands, in doubles: quiet bands lie beside loud ones.
#include "program_parts.h"

namespace gatelet::GATELET_ISA {
namespace {

constexpr double pi = 3.14159265358979324;

// The discrete Fourier transform of N numbers, of which the first are given: by halves where N is a power of two, else sum by
// sum.
class Transform {
 public:
  explicit Transform(std::int64_t points) : points_(points), real_(size(points)), imaginary_(size(points)) {
    for (std::int64_t k = 0; k < points; ++k) {
      const double angle = -2.0 * pi * static_cast<double>(k) / static_cast<double>(points);
      cosine_.push_back(std::cos(angle)), sine_.push_back(std::sin(angle));
    }
    if ((points & (points - 1)) != 0) return;
    for (std::int64_t k = 0, reversed = 0; k < points; ++k) {
      order_.push_back(reversed);
      std::int64_t bit = points >> 1;
      for (; bit > 0 && (reversed & bit) != 0; bit >>= 1) reversed ^= bit;
      reversed |= bit;
    }
  }

  // |.|^2 of the first N / 2 + 1 coefficients.
  void powers(const std::vector<double>& x, std::vector<double>& found) {
    if (order_.empty()) {
      sum(x);
    } else {
      halve(x);
    }
    for (std::size_t k = 0; k < found.size(); ++k) found[k] = real_[k] * real_[k] + imaginary_[k] * imaginary_[k];
  }

 private:
  static std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

  void sum(const std::vector<double>& x) {
    for (std::int64_t k = 0; k <= points_ / 2; ++k) {
      double real = 0.0, imaginary = 0.0;
      std::int64_t at = 0;  // k n mod N
      for (const double value : x) {
        real += value * cosine_[size(at)], imaginary += value * sine_[size(at)];
        at += k;
        at -= at >= points_ ? points_ : 0;
      }
      real_[size(k)] = real, imaginary_[size(k)] = imaginary;
    }
  }

  // Cooley and Tukey's, in place, from the pairs of neighbours up.
  void halve(const std::vector<double>& x) {
    for (std::int64_t k = 0; k < points_; ++k) {
      const std::int64_t from = order_[size(k)];
      real_[size(k)] = from < static_cast<std::int64_t>(x.size()) ? x[size(from)] : 0.0;
      imaginary_[size(k)] = 0.0;
    }
    double *const re = real_.data(), *const im = imaginary_.data();
    for (std::int64_t half = 1; half < points_; half *= 2) {
      const std::int64_t turn = points_ / (2 * half);
      for (std::int64_t first = 0; first < points_; first += 2 * half) {
        for (std::int64_t k = 0; k < half; ++k) {
          const std::int64_t a = first + k, b = a + half;
          const double c = cosine_[size(k * turn)], s = sine_[size(k * turn)];
          const double real = re[b] * c - im[b] * s, imaginary = re[b] * s + im[b] * c;
          re[b] = re[a] - real, im[b] = im[a] - imaginary;
          re[a] += real, im[a] += imaginary;
        }
      }
    }
  }

  std::int64_t points_;
  std::vector<double> cosine_, sine_, real_, imaginary_;
  std::vector<std::int64_t> order_;  // in which the numbers are taken; empty where N is no power of two
};

// Weights: filters (M, K). Settings: the samples L of a frame, the floor. State: the L - hop last samples, doubles.
template <class Y>
class LogMel : public Part {
 public:
  explicit LogMel(const Description& d)
      : in_(d.inputs[0]),
        out_(d.outputs[0]),
        state_(d.state),
        length_(whole(d, 0)),
        floor_(d.settings.at(1)),
        transform_(2 * (d.weights[0].size / out_.width - 1)),
        samples_(static_cast<std::size_t>(length_)),
        powers_(static_cast<std::size_t>(d.weights[0].size / out_.width)) {
    const auto columns = static_cast<std::int64_t>(powers_.size());
    for (std::int64_t n = 0; n < length_; ++n) {
      window_.push_back(0.5 - 0.5 * std::cos(2.0 * pi * static_cast<double>(n) / static_cast<double>(length_)));
    }
    // most columns of a filter are zero: from where to where others stand, and those
    for (std::int64_t m = 0; m < out_.width; ++m) {
      const float* row = d.weights[0].data + m * columns;
      std::int64_t first = 0, last = columns;
      while (first < last && row[first] == 0.0f) ++first;
      while (last > first && row[last - 1] == 0.0f) --last;
      bands_.push_back({first, {row + first, row + last}});
    }
  }

  void run(const Step& step) override {
    const std::int64_t hop = in_.width, kept = length_ - hop;
    for (std::int64_t b = 0; b < step.streams; ++b) {
      double* former = step.state<double>(state_, b);
      const double* fresh = step.at<double>(in_, b);
      for (std::int64_t n = 0; n < length_; ++n) samples_[n] = window_[n] * (n < kept ? former[n] : fresh[n - kept]);
      transform_.powers(samples_, powers_);
      Y* y = step.at<Y>(out_, b);
      for (const Band& band : bands_) {
        double sum = 0.0;
        for (std::size_t k = 0; k < band.weights.size(); ++k) sum += band.weights[k] * powers_[band.first + k];
        *y++ = static_cast<Y>(std::log(sum < floor_ ? floor_ : sum));
      }
      // the last samples of both, which may reach into the former ones
      const std::int64_t old = larger(kept - hop, 0);
      std::memmove(former, former + (kept - old), bytes_of<double>(old));
      std::memcpy(former + old, fresh + (hop - (kept - old)), bytes_of<double>(kept - old));
    }
  }

 private:
  struct Band {
    std::int64_t first;
    std::vector<float> weights;
  };

  Slot in_, out_;
  std::int64_t state_, length_;
  double floor_;
  Transform transform_;
  std::vector<double> samples_, powers_, window_;
  std::vector<Band> bands_;
};

}  // namespace

std::unique_ptr<Part> new_sound(const Description& d) {
  if (d.kind == "LogMel") return of_type<LogMel>(d);
  return nullptr;
}

}  // namespace gatelet::GATELET_ISA
