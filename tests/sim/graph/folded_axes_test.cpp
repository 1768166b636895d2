// Folded operators against the unfolded ones, element by element.
#include "sim/graph/folded_axes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace thaw {
namespace {

using Sizes = std::vector<int32_t>;

int64_t elements(const Sizes& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

/// Calls use(position) for every position, last axis fastest.
template <class Use>
void for_each_position(const Sizes& sizes, const Use& use) {
  Sizes position(sizes.size(), 0);
  for (int64_t i = 0; i < elements(sizes); ++i) {
    use(position);
    for (size_t axis = sizes.size(); axis-- > 0;) {
      if (++position[axis] < sizes[axis]) break;
      position[axis] = 0;
    }
  }
}

int64_t index(const Sizes& sizes, const Sizes& position) {
  int64_t result = 0;
  for (size_t i = 0; i < sizes.size(); ++i) result = result * sizes[i] + position[i];
  return result;
}

/// Which input element each output element is.
std::vector<int64_t> transposed(const Sizes& sizes, const Sizes& permutation) {
  Sizes out;
  for (int32_t axis : permutation) out.push_back(sizes[static_cast<size_t>(axis)]);
  std::vector<int64_t> result;
  for_each_position(out, [&](const Sizes& to) {
    Sizes from(sizes.size());
    for (size_t i = 0; i < permutation.size(); ++i) from[static_cast<size_t>(permutation[i])] = to[i];
    result.push_back(index(sizes, from));
  });
  return result;
}

/// Where each input element goes.
std::vector<int64_t> padded(const Sizes& sizes, const std::vector<std::array<int32_t, 2>>& paddings) {
  Sizes out = sizes;
  for (size_t i = 0; i < out.size(); ++i) out[i] += paddings[i][0] + paddings[i][1];
  std::vector<int64_t> result;
  for_each_position(sizes, [&](Sizes at) {
    for (size_t i = 0; i < at.size(); ++i) at[i] += paddings[i][0];
    result.push_back(index(out, at));
  });
  result.push_back(elements(out));
  return result;
}

/// The output element that each input element is averaged into.
std::vector<int64_t> averaged(const Sizes& sizes, const std::vector<bool>& reduced) {
  Sizes out = sizes;
  for (size_t i = 0; i < out.size(); ++i)
    if (reduced[i]) out[i] = 1;
  std::vector<int64_t> result;
  for_each_position(sizes, [&](Sizes at) {
    for (size_t i = 0; i < at.size(); ++i)
      if (reduced[i]) at[i] = 0;
    result.push_back(index(out, at));
  });
  return result;
}

TEST(FoldedAxes, MoveTheSameElements) {
  std::mt19937 random(1);
  const auto in = [&](int32_t low, int32_t high) {
    return low + static_cast<int32_t>(random() % static_cast<uint32_t>(high - low + 1));
  };
  int folded_transposes = 0, folded_pads = 0, folded_means = 0;
  for (int i = 0; i < 2000; ++i) {
    Sizes sizes(static_cast<size_t>(in(1, 7)));
    for (int32_t& size : sizes) size = in(1, 3);
    Transpose transpose;
    Pad pad;
    Mean mean;
    std::vector<bool> reduced;
    for (int32_t axis = 0; axis < static_cast<int32_t>(sizes.size()); ++axis) {
      transpose.permutation.push_back(axis);
      pad.paddings.push_back(in(0, 2) == 0 ? std::array<int32_t, 2>{in(0, 2), in(0, 1)}
                                           : std::array<int32_t, 2>{0, 0});
      reduced.push_back(in(0, 1) == 0);
      if (reduced.back()) mean.axes.push_back(axis);
    }
    // Most permutations leave runs of axes together.
    const auto last = static_cast<int32_t>(sizes.size()) - 1;
    std::rotate(transpose.permutation.begin(), transpose.permutation.begin() + in(0, last),
                transpose.permutation.end());
    if (in(0, 1) == 0)
      std::swap(transpose.permutation[static_cast<size_t>(in(0, last))],
                transpose.permutation[static_cast<size_t>(in(0, last))]);
    const TransposeAxes t = folded_axes(sizes, transpose);
    const PadAxes p = folded_axes(sizes, pad);
    const MeanAxes m = folded_axes(sizes, mean);
    ASSERT_EQ(transposed(t.sizes, t.permutation), transposed(sizes, transpose.permutation));
    ASSERT_EQ(padded(p.sizes, p.paddings), padded(sizes, pad.paddings));
    ASSERT_EQ(averaged(m.sizes, m.reduced), averaged(sizes, reduced));
    const bool many = sizes.size() > kKernelAxes;
    folded_transposes += many && t.sizes.size() <= kKernelAxes;
    folded_pads += many && p.sizes.size() <= kKernelAxes;
    folded_means += many && m.sizes.size() <= kKernelAxes;
    if (!many) {
      ASSERT_EQ(t.sizes, sizes);
    }
  }
  EXPECT_GT(folded_transposes, 100);
  EXPECT_GT(folded_pads, 100);
  EXPECT_GT(folded_means, 100);
}

}  // namespace
}  // namespace thaw
