// How sure an accuracy measured on a limited number of samples is.
#pragma once

#include <cstdint>

namespace thaw {

/// 95 % interval of a share, both ends 0..1.
struct AccuracyInterval {
  double low = 0.0;
  double high = 1.0;
};

/// Standard errors on each side of a mean that hold 95 % of a normal distribution: its 97.5 % quantile.
constexpr double kStandardErrors95 = 1.959963984540054;

/// Wilson's score interval (1927) for a share observed on `count` independent samples.
AccuracyInterval wilson_interval(double share, int64_t count);

}  // namespace thaw
