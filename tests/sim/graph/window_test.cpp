// Windows worked out by hand from TFLite's rules.
#include "sim/graph/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

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

/// Input positions that output `o` reads with tap `k`, of all outputs and taps.
std::vector<std::array<int64_t, 3>> reads(int32_t in, int32_t out, int32_t kernel, const WindowSteps& steps) {
  std::vector<std::array<int64_t, 3>> all;
  for (int64_t o = 0; o < out; ++o)
    for (int64_t k = 0; k < kernel; ++k) {
      const int64_t at = o * steps.stride - steps.pad_before + k * steps.dilation;
      if (at >= 0 && at < in) all.push_back({o, k, at});
    }
  return all;
}

TEST(LeastSteps, ReadTheSamePositionsAndAreNoLargerThanTheImage) {
  const std::vector<int32_t> sizes = {1, 2, 3, 7, 8, 9, 50, 100, 1000000007};
  for (int32_t in = 1; in <= 7; ++in)
    for (int32_t kernel = 1; kernel <= 5; ++kernel)
      for (int32_t stride : sizes)
        for (int32_t dilation : sizes)
          for (Padding padding : {Padding::same, Padding::valid}) {
            if ((int64_t{kernel} - 1) * dilation + 1 > INT32_MAX) continue;
            const WindowGeometry geometry = window_geometry(in, kernel, stride, dilation, padding);
            if (geometry.out < 1) continue;
            const WindowSteps steps = {stride, dilation, geometry.pad_before};
            const WindowSteps least = least_steps(in, geometry.out, kernel, steps);
            EXPECT_EQ(reads(in, geometry.out, kernel, least), reads(in, geometry.out, kernel, steps))
                << in << " " << kernel << " " << stride << " " << dilation;
            EXPECT_LE(least.stride, std::max(in + 1, 3));
            EXPECT_LE(least.dilation, 3 * in + 1);
            EXPECT_GE(least.pad_before, 0);
            EXPECT_LE(least.pad_before, kernel * (3 * in + 1));
          }
}

TEST(LeastSteps, LeaveUsualWindowsAsTheyAre) {
  for (const WindowSteps& steps : {WindowSteps{1, 1, 1}, {2, 1, 0}, {1, 2, 2}, {2, 1, 1}})
    for (int32_t in : {1, 2, 14, 28, 128})
      EXPECT_EQ(least_steps(in, (in + steps.stride - 1) / steps.stride, 3, steps), steps) << in;
}

// Any padding, also what a PAD before the convolution adds.
TEST(LeastSteps, HoldForAnyPadding) {
  for (int32_t in = 1; in <= 5; ++in)
    for (int32_t out = 1; out <= 3; ++out)
      for (int32_t kernel = 1; kernel <= 4; ++kernel)
        for (int32_t stride = 1; stride <= 4; ++stride)
          for (int32_t dilation = 1; dilation <= 40; ++dilation)
            for (int32_t pad = 0; pad <= 90; pad += 1 + pad / 8) {
              const WindowSteps steps = {stride, dilation, pad};
              EXPECT_EQ(reads(in, out, kernel, least_steps(in, out, kernel, steps)),
                        reads(in, out, kernel, steps))
                  << in << " " << out << " " << kernel << " " << stride << " " << dilation << " " << pad;
            }
}

}  // namespace
}  // namespace thaw
