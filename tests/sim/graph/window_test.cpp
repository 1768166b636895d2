// Windows worked out by hand from TFLite's rules.
#include "sim/graph/window.h"

#include <gtest/gtest.h>

namespace thaw {
namespace {

struct WindowCase {
  int32_t in, kernel, stride, dilation;
  Padding padding;
  WindowGeometry expected;
};

TEST(Window, FollowsTheRulesOfTflite) {
  const std::vector<WindowCase> cases = {
      {5, 3, 1, 1, Padding::same, {5, 1}},
      {5, 3, 1, 1, Padding::valid, {3, 0}},
      {6, 3, 2, 1, Padding::same, {3, 0}},  // total 1: all of it behind
      {7, 3, 2, 1, Padding::same, {4, 1}},  // total 2: one before
      {7, 3, 2, 1, Padding::valid, {3, 0}},
      {8, 3, 2, 1, Padding::valid, {3, 0}},
      {9, 7, 2, 1, Padding::same, {5, 3}},
      {3, 7, 1, 1, Padding::same, {3, 3}},
      {3, 7, 1, 1, Padding::valid, {0, 0}},  // does not fit
      {1, 1, 1, 1, Padding::same, {1, 0}},
      {1, 1, 1, 1, Padding::valid, {1, 0}},
      {5, 1, 2, 1, Padding::same, {3, 0}},
      {5, 1, 3, 1, Padding::valid, {2, 0}},
      {4, 1, 3, 1, Padding::same, {2, 0}},  // stride larger than the filter: no padding
      {9, 3, 1, 2, Padding::same, {9, 2}},
      {9, 3, 1, 2, Padding::valid, {5, 0}},
      {9, 3, 2, 4, Padding::valid, {1, 0}},
      {8, 2, 1, 1, Padding::same, {8, 0}},
      {8, 4, 1, 1, Padding::same, {8, 1}},
      {INT32_MAX, 3, 1, 1, Padding::valid, {INT32_MAX - 2, 0}},
      {INT32_MAX, INT32_MAX, INT32_MAX, 1, Padding::same, {1, 0}},
  };
  for (const WindowCase& c : cases)
    EXPECT_EQ(window_geometry(c.in, c.kernel, c.stride, c.dilation, c.padding), c.expected)
        << c.in << " " << c.kernel << " " << c.stride << " " << c.dilation;
}

// Brute force: VALID places windows wherever all taps exist; SAME has ceil(in / stride) of them and centres
// what they cover, the larger half of the padding behind.
TEST(Window, AgreesWithCountingPositions) {
  for (int32_t in = 1; in <= 12; ++in)
    for (int32_t kernel = 1; kernel <= 7; ++kernel)
      for (int32_t stride = 1; stride <= 3; ++stride)
        for (int32_t dilation = 1; dilation <= 3; ++dilation) {
          int32_t valid = 0;
          for (int32_t start = 0; start + (kernel - 1) * dilation < in; start += stride) ++valid;
          EXPECT_EQ(window_geometry(in, kernel, stride, dilation, Padding::valid),
                    (WindowGeometry{valid, 0}));

          const WindowGeometry same = window_geometry(in, kernel, stride, dilation, Padding::same);
          int32_t positions = 0;
          for (int32_t start = 0; start < in; start += stride) ++positions;
          EXPECT_EQ(same.out, positions);
          const int32_t covered = (positions - 1) * stride + (kernel - 1) * dilation + 1;
          const int32_t behind = covered - in - same.pad_before;
          if (covered > in)
            EXPECT_TRUE(behind == same.pad_before || behind == same.pad_before + 1);
          else
            EXPECT_EQ(same.pad_before, 0);
        }
}

}  // namespace
}  // namespace thaw
