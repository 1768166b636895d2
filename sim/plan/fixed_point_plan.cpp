#include "sim/plan/fixed_point_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace thaw {

ChannelMantissas channel_mantissas(const std::vector<double>& factors) {
  ChannelMantissas result;
  std::frexp(*std::max_element(factors.begin(), factors.end()), &result.exponent);
  for (double factor : factors) {
    const int64_t mantissa = std::llround(std::ldexp(factor, 31 - result.exponent));
    result.mantissas.push_back(static_cast<int32_t>(std::min<int64_t>(mantissa, 2147483647)));
  }
  return result;
}

LearningRate quantize_learning_rate(double rate) {
  if (rate == 0.0) return {0, 0};
  LearningRate result;
  const double fraction = std::frexp(rate, &result.exponent);
  int64_t mantissa = std::llround(fraction * 32768.0);
  if (mantissa == 32768) {
    mantissa /= 2;
    ++result.exponent;
  }
  result.mantissa = static_cast<int32_t>(mantissa);
  return result;
}

std::array<LearningRate, 128> cosine_learning_rates(double base_rate, double total, double warmup) {
  std::array<LearningRate, 128> rates;
  for (size_t i = 0; i < rates.size(); ++i) {
    const double at = (static_cast<double>(i) + 0.5) * total / 128.0;
    const double rate =
        at < warmup ? base_rate * at / warmup
                    : 0.5 * base_rate * (1.0 + std::cos(std::numbers::pi * (at - warmup) / (total - warmup)));
    rates[i] = quantize_learning_rate(rate);
  }
  return rates;
}

}  // namespace thaw
