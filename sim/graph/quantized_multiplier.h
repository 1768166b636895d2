// A positive real factor as TFLite applies it to integers: a 31-bit mantissa and a shift. The definitions are
// `quantmul` and `mbqm` of docs/arithmetic.md, mult() and M() of golden/tflm/README.md.
#pragma once

#include <cmath>
#include <cstdint>

namespace thaw {

/// factor = multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) or 0.
struct QuantizedMultiplier {
  int32_t multiplier = 0;
  int32_t shift = 0;

  bool operator==(const QuantizedMultiplier&) const = default;
};

/// `factor` finite and at least 0. Factors below 2^-32 become 0; very large ones give a shift above 30, which
/// no kernel accepts (the reader refuses such models).
inline QuantizedMultiplier quantize_multiplier(double factor) {
  if (factor == 0.0) return {};
  int shift = 0;
  const double mantissa = std::frexp(factor, &shift);
  long long rounded = std::llround(mantissa * 2147483648.0);
  if (rounded == 2147483648LL) rounded /= 2, ++shift;
  if (shift < -31) return {};
  return {static_cast<int32_t>(rounded), shift};
}

}  // namespace thaw
