// Plan-time conversions from binary64 to the integers that the device uses (arithmetic section 2).
// The plan stores the results; a device never derives them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/plan/plan.h"

namespace thaw {

/// Mantissas and one exponent for a whole tensor: factor[c] = mantissas[c] * 2^(exponent - 31).
struct ChannelMantissas {
  std::vector<int32_t> mantissas;
  int32_t exponent = 0;
};

/// `chan(C[])` of section 2: exponent from the largest factor, every mantissa in [0, 2^31 - 1].
ChannelMantissas channel_mantissas(const std::vector<double>& factors);

/// Rounds a rate to 15 significant bits; 0 gives mantissa 0.
LearningRate quantize_learning_rate(double rate);

/// Cosine schedule after a linear warm-up from 0, 128 entries evaluated at (i + 1/2) * steps / 128.
/// Steps are counted in `total` and `warmup` of the same unit (samples for batch 1).
std::array<LearningRate, 128> cosine_learning_rates(double base_rate, double total, double warmup);

}  // namespace thaw
