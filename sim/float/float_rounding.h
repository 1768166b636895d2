// Rounding of float32 to integers in a form that compilers turn into vector code on any machine.
#pragma once

#include <cmath>

namespace thaw {

/// Nearest integer, ties to even, for any float32 (infinities and NaN stay). Adding 2^23 leaves no bits below
/// one; larger values have none to begin with. Assumes the default rounding mode.
inline float round_ties_to_even(float x) {
  constexpr float kNoFraction = 8388608.0F;  // 2^23
  const float magnitude = std::fabs(x);
  const float rounded = std::copysign((magnitude + kNoFraction) - kNoFraction, x);
  return magnitude < kNoFraction ? rounded : x;
}

}  // namespace thaw
