#include "sim/base/interval.h"

#include <algorithm>
#include <cmath>

namespace thaw {

AccuracyInterval wilson_interval(double share, int64_t count) {
  if (count == 0) return {};
  constexpr double kZ = kStandardErrors95;
  const auto n = static_cast<double>(count);
  const double centre = (share + kZ * kZ / (2 * n)) / (1 + kZ * kZ / n);
  const double half = kZ / (1 + kZ * kZ / n) * std::sqrt(share * (1 - share) / n + kZ * kZ / (4 * n * n));
  // Rounding must not leave a share of 0 or 1 outside its own interval.
  return {std::clamp(centre - half, 0.0, share), std::clamp(centre + half, share, 1.0)};
}

}  // namespace thaw
