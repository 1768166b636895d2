// Mean squared error against binary64, and at the ends of its ranges.
#include "engine/kernels/squared_loss.h"

#include <array>

#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

// e16 * 2^ee is exactly (output - target) / 256, and the largest error leaves no spare bit.
TEST(SquaredLoss, ErrorsAreExactAndNormalised) {
  Random random(31);
  for (int i = 0; i < 500; ++i) {
    const int32_t n = random.integer(1, 700);
    const int32_t spread = random.integer(0, 127);
    const auto output = random.values<int8_t>(n, -spread - 1, spread);
    const auto target = random.values<int8_t>(n, -spread - 1, spread);
    std::vector<int32_t> errors(output.size());
    const thaw_squared_loss_result loss = thaw_squared_loss(n, output.data(), target.data(), errors.data());
    double squares = 0;
    int32_t largest = 0;
    for (size_t j = 0; j < output.size(); ++j) {
      const double difference = static_cast<double>(output[j]) - target[j];
      ASSERT_EQ(std::ldexp(errors[j], loss.error_exponent), difference / 256);
      squares += difference * difference;
      largest = std::max(largest, std::abs(errors[j]));
    }
    ASSERT_NEAR(static_cast<double>(loss.loss) / 65536, squares / n, 1.0 / 65536);
    ASSERT_EQ(loss.changes, squares > 0);
    ASSERT_LT(largest, 1 << 15);
    if (loss.changes) {
      ASSERT_GE(largest, 1 << 14);
    }
  }
}

TEST(SquaredLoss, FurthestErrorsFit) {
  const std::array<int8_t, 2> output = {127, -128}, target = {-128, 127};
  std::array<int32_t, 2> errors{};
  const thaw_squared_loss_result loss = thaw_squared_loss(2, output.data(), target.data(), errors.data());
  EXPECT_EQ(errors, (std::array<int32_t, 2>{255 * 128, -255 * 128}));
  EXPECT_EQ(loss.error_exponent, -15);
  EXPECT_EQ(loss.loss, int64_t{255} * 255 * 65536);
}

TEST(SquaredLoss, OneStepIsNormalisedBySevenBits) {
  const std::array<int8_t, 2> output = {5, -3}, target = {4, -3};
  std::array<int32_t, 2> errors{};
  const thaw_squared_loss_result loss = thaw_squared_loss(2, output.data(), target.data(), errors.data());
  EXPECT_EQ(errors, (std::array<int32_t, 2>{1 << 14, 0}));
  EXPECT_EQ(loss.error_exponent, -22);
  EXPECT_EQ(loss.loss, 32768);
}

TEST(SquaredLoss, EqualOutputChangesNothing) {
  const std::array<int8_t, 3> output = {-128, 0, 127};
  std::array<int32_t, 3> errors = {7, 7, 7};
  const thaw_squared_loss_result loss = thaw_squared_loss(3, output.data(), output.data(), errors.data());
  EXPECT_FALSE(loss.changes);
  EXPECT_EQ(loss.loss, 0);
  EXPECT_EQ(errors, (std::array<int32_t, 3>{}));
}

}  // namespace
