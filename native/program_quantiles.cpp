// Quantiles that never cross, and those of Student-t distributions.
#include "program_parts.h"
#include "student_t.h"

namespace gatelet::GATELET_ISA {
namespace {

// Inputs: a (N, Q), the shift (N,) or none. Settings: the median.
class Quantiles : public Part {
 public:
  explicit Quantiles(const Description& d) : in_(d.inputs), out_(d.outputs[0]), median_(whole(d, 0)) {}

  void run(const Step& step) override {
    const std::int64_t Q = out_.width, m = median_;
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(out_, b);
      for (std::int64_t r = 0; r < rows; ++r) {
        const float* a = step.at(in_[0], b) + r * Q;
        float* q = step.at(out_, b) + r * Q;
        const double middle = static_cast<double>(a[m]) + (in_.size() > 1 ? step.at(in_[1], b)[r] : 0.0f);
        q[m] = static_cast<float>(middle);
        double at = middle;
        for (std::int64_t k = m + 1; k < Q; ++k) q[k] = static_cast<float>(at += softplus(a[k] - 2.0));
        at = middle;
        for (std::int64_t k = m - 1; k >= 0; --k) q[k] = static_cast<float>(at -= softplus(a[k] - 2.0));
      }
    }
  }

 private:
  std::vector<Slot> in_;
  Slot out_;
  std::int64_t median_;
};

// Weights: offsets (N, Q). Settings: the median.
class Calibrated : public Part {
 public:
  explicit Calibrated(const Description& d)
      : in_(d.inputs[0]), out_(d.outputs[0]), median_(whole(d, 0)), offsets_(copied(d.weights[0])) {}

  void run(const Step& step) override {
    const std::int64_t Q = out_.width, m = median_;
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const float* x = step.at(in_, b);
      const std::int64_t rows = step.rows(out_, b);
      for (std::int64_t r = 0; r < rows; ++r, x += Q) {
        const float* offset = offsets_.data() + r * Q;
        float* y = step.at(out_, b) + r * Q;
        for (std::int64_t k = 0; k < Q; ++k) y[k] = x[k] + offset[k];
        for (std::int64_t k = m + 1; k < Q; ++k) y[k] = y[k] < y[k - 1] ? y[k - 1] : y[k];
        for (std::int64_t k = m - 1; k >= 0; --k) y[k] = y[k] > y[k + 1] ? y[k + 1] : y[k];
      }
    }
  }

 private:
  Slot in_, out_;
  std::int64_t median_;
  std::vector<float> offsets_;
};

// Inputs: a (N, 3), the shift (N,) or none.
class StudentT : public Part {
 public:
  explicit StudentT(const Description& d) : in_(d.inputs), out_(d.outputs[0]) {}

  void run(const Step& step) override {
    for (std::int64_t b = 0; b < step.streams; ++b) {
      const std::int64_t rows = step.rows(out_, b);
      for (std::int64_t r = 0; r < rows; ++r) {
        const float* a = step.at(in_[0], b) + 3 * r;
        float* y = step.at(out_, b) + 3 * r;
        y[0] = a[0] + (in_.size() > 1 ? step.at(in_[1], b)[r] : 0.0f);
        y[1] = static_cast<float>(softplus(a[1] + 0.5413) + 1e-4);
        y[2] = static_cast<float>(2.1 + softplus(a[2] + 6.0));
      }
    }
  }

 private:
  std::vector<Slot> in_;
  Slot out_;
};

// Settings: the levels, rising.
std::unique_ptr<Part> student_t_quantiles(const Description& d) {
  return each_row(d, [levels = d.settings](const float* x, float* y, float*, std::int64_t) {
    for (std::size_t k = 0; k < levels.size(); ++k) {
      y[k] = static_cast<float>(x[0] + x[1] * student_t::inverse(levels[k], x[2]));
    }
  });
}

}  // namespace

std::unique_ptr<Part> new_quantiles(const Description& d) {
  if (d.kind == "Quantiles") return std::make_unique<Quantiles>(d);
  if (d.kind == "Calibrated") return std::make_unique<Calibrated>(d);
  if (d.kind == "StudentT") return std::make_unique<StudentT>(d);
  if (d.kind == "StudentTQuantiles") return student_t_quantiles(d);
  return nullptr;
}

}  // namespace gatelet::GATELET_ISA
