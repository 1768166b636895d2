// Input gradients of operators without weights, worked out by hand (docs/arithmetic.md, section 15).
#include <gtest/gtest.h>

#include <vector>

#include "engine/kernels/average_pool2d_gradient.h"
#include "engine/kernels/max_pool2d_gradient.h"
#include "engine/kernels/view_gradient.h"

namespace {

using Gradients = std::vector<int8_t>;
using Row = std::vector<int32_t>;

/// Elements first .. first + count - 1 of the source.
Row row_of(thaw_gradient_row* function, const void* parameters, const Gradients& gradient, int32_t left_shift,
           int32_t first, int32_t count) {
  thaw_gradient_source source = {};
  source.kind = THAW_SOURCE_ROWS;
  source.gradient = {gradient.data(), false};
  source.row = function;
  source.parameters = parameters;
  source.left_shift = left_shift;
  Row row(static_cast<size_t>(count), -1);
  source.row(&source, first, count, row.data());
  return row;
}

// One row of five values, windows of three, one apart: outputs of 0..2, 1..3, 2..4.
constexpr thaw_pool2d kOverlapping = {1, 5, 1, 1, 3, 1, 3, 1, 1, 0, 0, -128, 127};

TEST(MaxPoolGradient, GoesToTheFirstOfTheLargest) {
  const int8_t input[] = {1, 7, 7, 2, 7};
  int8_t output[3];
  uint8_t winners[3];
  thaw_max_pool2d_s8(&kOverlapping, input, output, nullptr, winners);
  EXPECT_EQ(std::vector(output, output + 3), (Gradients{7, 7, 7}));
  EXPECT_EQ(std::vector(winners, winners + 3), (std::vector<uint8_t>{1, 0, 0}));
  const thaw_max_pool2d_source parameters = {kOverlapping, winners};
  EXPECT_EQ(row_of(thaw_max_pool2d_gradient, &parameters, {3, -5, 9}, 2, 0, 5), (Row{0, -8, 36, 0, 0}));
  EXPECT_EQ(row_of(thaw_max_pool2d_gradient, &parameters, {3, -5, 9}, 0, 1, 2), (Row{-2, 9}));
}

TEST(MaxPoolGradient, WindowsOfManyTapsNameThemInSixteenBits) {
  const thaw_pool2d pool = {1, 300, 1, 1, 1, 1, 300, 1, 1, 0, 0, -128, 127};
  std::vector<int8_t> input(300, 0);
  input[299] = 1;
  int8_t output = 0;
  uint16_t winner = 0;
  thaw_max_pool2d_s8(&pool, input.data(), &output, nullptr, &winner);
  EXPECT_EQ(winner, 299);
  const thaw_max_pool2d_source parameters = {pool, &winner};
  EXPECT_EQ(row_of(thaw_max_pool2d_gradient, &parameters, {4}, 0, 298, 2), (Row{0, 4}));
}

TEST(MaxPoolGradient, MaskClearsWhatTheActivationClamped) {
  thaw_pool2d pool = kOverlapping;
  pool.clamp_high = 6;
  const int8_t input[] = {1, 2, 3, 6, 7};
  int8_t output[3];
  uint8_t mask = 0;
  thaw_max_pool2d_s8(&pool, input, output, &mask, nullptr);
  EXPECT_EQ(std::vector(output, output + 3), (Gradients{3, 6, 6}));
  EXPECT_EQ(mask, 0b011);
}

TEST(AveragePoolGradient, SharesAmongTheTapsInsideTheImage) {
  // One before the image: windows of taps 0..1, 1..3 (stride 2, filter 3, four values).
  const thaw_pool2d pool = {1, 4, 1, 1, 2, 1, 3, 1, 2, 0, 1, -128, 127};
  // 6 * 2^4 / 2 = 48; -5 * 2^4 / 3 = -26.67, to the nearest.
  EXPECT_EQ(row_of(thaw_average_pool2d_gradient, &pool, {6, -5}, 4, 0, 4), (Row{48, 48 - 27, -27, -27}));
}

TEST(AveragePoolGradient, OneTapPassesEveryValueWhole) {
  const thaw_pool2d pool = {1, 1, 2, 1, 1, 1, 1, 1, 1, 0, 0, -128, 127};
  EXPECT_EQ(row_of(thaw_average_pool2d_gradient, &pool, {-128, 127}, 16, 0, 2),
            (Row{-128 * 65536, 127 * 65536}));
}

TEST(ViewGradient, IsZeroWhereAnElementWentNowhere) {
  // Of [2][5], columns 1 and 3 of both rows, the output [2][2] turned round.
  const thaw_view view = {{1, 1, 1, 2, 5}, {0, 0, 0, 0, 1}, {1, 1, 1, 1, 2},
                          {1, 1, 1, 2, 2}, {0, 0, 0, 1, 2}, 0};
  EXPECT_EQ(row_of(thaw_view_gradient, &view, {1, 2, 3, 4}, 1, 0, 10), (Row{0, 2, 0, 6, 0, 0, 4, 0, 8, 0}));
}

TEST(ViewGradient, AnAveragedAxisHasOneGradient) {
  const thaw_view view = {{1, 1, 1, 3, 2}, {0, 0, 0, 0, 0}, {1, 1, 1, 1, 1},
                          {1, 1, 1, 3, 2}, {0, 0, 0, 0, 1}, 0};
  EXPECT_EQ(row_of(thaw_view_gradient, &view, {5, -6}, 0, 1, 4), (Row{-6, 5, -6, 5}));
}

}  // namespace
