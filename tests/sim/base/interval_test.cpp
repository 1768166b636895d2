// Wilson's interval worked out by hand.
#include "sim/base/interval.h"

#include <gtest/gtest.h>

namespace thaw {
namespace {

TEST(WilsonInterval, HoldsItsShare) {
  // 50 of 100, by hand: (0.5 + 0.019207) / 1.038415 -+ 1.959964 / 1.038415 * sqrt(0.0025 + 0.0000960).
  const AccuracyInterval half = wilson_interval(0.5, 100);
  EXPECT_NEAR(half.low, 0.4038, 1e-4);
  EXPECT_NEAR(half.high, 0.5962, 1e-4);
  for (int64_t count = 1; count <= 200; ++count) {
    EXPECT_EQ(wilson_interval(1.0, count).high, 1.0) << count;
    EXPECT_EQ(wilson_interval(0.0, count).low, 0.0) << count;
  }
}

}  // namespace
}  // namespace thaw
