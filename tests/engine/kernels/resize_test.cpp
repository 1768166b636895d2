// Resizing against pixels worked out by hand.
#include "engine/kernels/resize.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace thaw {
namespace {

TEST(Resize, TheNearestPixelGoesToEachOutputThatReadsIt) {
  // Two rows to three, one column to two; two channels.
  const thaw_resize resize = {2, 1, 3, 2, 2};
  const std::vector<int32_t> rows = {0, 2, 3}, columns = {0, 2};
  const std::vector<int8_t> input = {1, 2, 3, 4};
  std::vector<int8_t> output(12);
  thaw_resize_nearest_s8(&resize, rows.data(), columns.data(), input.data(), output.data());
  EXPECT_EQ(output, (std::vector<int8_t>{1, 2, 1, 2, 1, 2, 1, 2, 3, 4, 3, 4}));
}

TEST(Resize, BilinearRoundsHalvesAwayFromZero) {
  // One row; a quarter, a half of the way, and before the first pixel.
  const thaw_resize resize = {1, 2, 1, 3, 1};
  const std::vector<int32_t> rows = {0, 0, 0}, columns = {0, 1, 256, 0, 1, 512, 0, 0, -256};
  const auto resized = [&](const std::vector<int8_t>& input) {
    std::vector<int8_t> output(3);
    thaw_resize_bilinear_s8(&resize, rows.data(), columns.data(), input.data(), output.data());
    return output;
  };
  EXPECT_EQ(resized({0, 1}), (std::vector<int8_t>{0, 1, 0}));
  EXPECT_EQ(resized({0, -1}), (std::vector<int8_t>{0, -1, 0}));
  EXPECT_EQ(resized({-128, 127}), (std::vector<int8_t>{-64, -1, -128}));
}

TEST(Resize, BilinearWeighsRowsAndColumns) {
  const thaw_resize resize = {2, 2, 1, 1, 1};
  const std::vector<int32_t> rows = {0, 1, 768}, columns = {0, 1, 256};
  const std::vector<int8_t> input = {0, 16, 32, 96};
  int8_t output = 0;
  thaw_resize_bilinear_s8(&resize, rows.data(), columns.data(), input.data(), &output);
  EXPECT_EQ(output, 37) << "(0 * 3 + 16) / 4 / 4 + (32 * 3 + 96) / 4 * 3 / 4 = 1 + 36";
}

}  // namespace
}  // namespace thaw
