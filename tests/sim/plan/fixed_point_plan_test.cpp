// Learning rates of a schedule, worked out by hand (arithmetic section 2).
#include "sim/plan/fixed_point_plan.h"

#include <gtest/gtest.h>

#include <cmath>

namespace thaw {
namespace {

void expect_rate(const LearningRate& rate, int32_t mantissa, int32_t exponent) {
  EXPECT_EQ(rate.mantissa, mantissa);
  EXPECT_EQ(rate.exponent, exponent);
}

TEST(LearningRates, HaveFifteenSignificantBits) {
  expect_rate(quantize_learning_rate(0.0), 0, 0);
  expect_rate(quantize_learning_rate(1.0), 16384, 1);
  expect_rate(quantize_learning_rate(0.000390625), 26214, -11);  // as in tests/golden/integer/plan.json
  expect_rate(quantize_learning_rate(0.99999), 16384, 1);        // the mantissa's carry
}

TEST(LearningRates, AreThoseOfTheMiddleOfEachEntry) {
  // 128 samples, 32 of them warm-up: entry i is at sample i + 1/2.
  const auto rates = cosine_learning_rates(1.0, 128.0, 32.0);
  expect_rate(rates[0], 16384, -5);   // 0.5 / 32
  expect_rate(rates[15], 31744, -1);  // 15.5 / 32
  expect_rate(rates[31], 32256, 0);   // 31.5 / 32
  // The cosine half: by symmetry, entries 32 + i and 127 - i add up to the whole rate.
  const auto value = [&](size_t i) { return std::ldexp(rates[i].mantissa, rates[i].exponent - 15); };
  for (size_t i = 0; i < 48; ++i) EXPECT_NEAR(value(32 + i) + value(127 - i), 1.0, 1e-4) << i;
  EXPECT_GT(value(32), 0.9999);
  EXPECT_LT(value(127), 0.0001);
}

}  // namespace
}  // namespace thaw
