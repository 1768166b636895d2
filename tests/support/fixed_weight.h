// Trained weights as the update sees them, for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "sim/plan/plan.h"

namespace thaw::testing {

/// Weight `index` of the trained ones as wF = 2^F * hi + lo (arithmetic section 8).
inline int32_t fixed_weight(const UpdateWeights& k, std::span<const int8_t> high,
                            std::span<const uint8_t> low, size_t index) {
  int32_t fraction = 0;
  if (k.fraction_bits == 8) fraction = static_cast<int8_t>(low[index]);
  if (k.fraction_bits == 4) fraction = (low[index / 2] >> (index % 2 * 4)) & 15;
  if (k.fraction_bits == 4 && fraction > 7) fraction -= 16;
  return high[index] * (1 << k.fraction_bits) + fraction;
}

}  // namespace thaw::testing
