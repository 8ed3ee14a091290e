// Quantiles of a Student-t distribution.
#pragma once

#include <cmath>

#include "simd.h"

namespace gatelet::GATELET_ISA::student_t {

// Of the incomplete beta function, by Lentz's algorithm (Numerical Recipes, section 6.4).
inline double continued_fraction(double a, double b, double x) {
  double c = 1.0, d = 1.0 / (1.0 - (a + b) * x / (a + 1.0)), result = d;
  for (int m = 1; m < 400; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0));
    for (const double term : {even, odd}) {
      d = 1.0 / (1.0 + term * d);
      c = 1.0 + term / c;
      result *= d * c;
    }
    if (std::fabs(d * c - 1.0) < 1e-15) break;
  }
  return result;
}

// One number of degrees of freedom; `constant` is the logarithm of the density at 0.
struct Distribution {
  double freedom, constant;

  explicit Distribution(double freedom)
      : freedom(freedom),
        constant(std::lgamma(0.5 * freedom + 0.5) - std::lgamma(0.5 * freedom) -
                 0.5 * std::log(freedom * 3.14159265358979324)) {}

  double log_density(double t) const { return constant - 0.5 * (freedom + 1.0) * std::log1p(t * t / freedom); }

  // P(T > t) for t > 0: half the regularized incomplete beta function of freedom / (freedom + t^2).
  double upper_tail(double t) const {
    const double a = 0.5 * freedom, b = 0.5, x = freedom / (freedom + t * t), y = t * t / (freedom + t * t);
    // x^a y^b / B(a, b) = t * density
    const double front = t * std::exp(log_density(t));
    if (x < (a + 1.0) / (a + b + 2.0)) return 0.5 * front * continued_fraction(a, b, x) / a;
    return 0.5 * (1.0 - front * continued_fraction(b, a, y) / b);
  }
};

// F^-1(level), by Newton's method on the logarithm of the tail over log t, kept within bounds that close in.
inline double inverse(double level, double freedom) {
  if (!(freedom > 0.0)) return std::nan("");
  if (level == 0.5) return 0.0;
  if (level < 0.5) return -inverse(1.0 - level, freedom);
  if (freedom > 1e7) freedom = 1e7;  // the same float, and no difference of large logarithms
  const Distribution distribution(freedom);
  const double wanted = std::log(1.0 - level);
  double low = -50.0, high = 100.0, s = 0.0;
  for (int k = 0; k < 200; ++k) {
    const double t = std::exp(s), tail = distribution.upper_tail(t), off = std::log(tail) - wanted;
    (off > 0.0 ? low : high) = s;
    const double slope = -t * std::exp(distribution.log_density(t)) / tail;
    double next = s - off / slope;
    if (std::fabs(next - s) <= 1e-9) return std::exp(next);  // each step doubles the digits
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    s = next;
    if (high - low <= 1e-12) break;
  }
  return std::exp(s);
}

}  // namespace gatelet::GATELET_ISA::student_t
