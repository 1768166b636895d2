// The loops of the float arithmetic: sums in exactly the documented order with every instruction set,
// rounding and clamping at the ties, wide sums where float32 would not be exact.
#include "sim/float/float_kernels.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "sim/exec/host/instruction_set.h"
#include "sim/float/float_pair_sums.h"
#include "sim/float/float_product.h"
#include "sim/float/float_rounding.h"
#include "sim/float/float_wide_sums.h"
#include "tests/support/noise.h"

namespace thaw {
namespace {

using testing::Noise;

std::vector<float> random_floats(Noise& noise, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = static_cast<float>(noise.in(-1000000, 1000000)) / 777.0F;
  return values;
}

class FloatSums : public ::testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override {
    if (GetParam() > best_instruction_set()) GTEST_SKIP() << "this processor lacks the instruction set";
    limit_instruction_set(GetParam());
  }
  void TearDown() override { limit_instruction_set(best_instruction_set()); }
};

TEST_P(FloatSums, ProductsRunInTheDocumentedOrder) {
  Noise noise(1);
  for (int repeat = 0; repeat < 120; ++repeat) {
    const int64_t rows = noise.in(1, 30), columns = noise.in(1, 70);
    const int64_t depth = repeat % 10 == 0 ? noise.in(200, 600) : noise.in(1, 60);
    const bool transposed = noise.in(0, 1) == 0;
    const int64_t spare = noise.in(0, 3);  // rows of all matrices lie further apart than they are long
    const auto a = random_floats(noise, rows * depth * 2 + 600);
    const auto b = random_floats(noise, depth * (columns + spare));
    auto c = random_floats(noise, rows * (columns + spare));
    auto expected = c;
    MatrixView<const float> left{a.data(), rows, depth, depth, 1};
    if (transposed) left = MatrixView<const float>{a.data(), depth, rows, rows, 1}.transposed();
    for (int64_t m = 0; m < rows; ++m)
      for (int64_t n = 0; n < columns; ++n)
        for (int64_t begin = 0; begin < depth; begin += kProductDepthBlock) {
          float sum = 0.0F;
          for (int64_t k = begin; k < std::min(begin + kProductDepthBlock, depth); ++k) {
            const float product = left.data[m * left.row_stride + k * left.column_stride] *
                                  b[static_cast<size_t>(k * (columns + spare) + n)];
            sum = sum + product;
          }
          expected[static_cast<size_t>(m * (columns + spare) + n)] += sum;
        }
    add_product(left, {b.data(), depth, columns, columns + spare, 1},
                {c.data(), rows, columns, columns + spare, 1});
    ASSERT_EQ(c, expected) << rows << " x " << depth << " x " << columns;
  }
}

TEST_P(FloatSums, PairSumsRunInOrder) {
  Noise noise(2);
  for (int64_t width = 1; width <= 150; ++width) {
    const auto left = random_floats(noise, width * 9), right = random_floats(noise, width * 9);
    std::vector<RowPair> pairs;
    for (int i = 0; i < 9; ++i) pairs.push_back({left.data() + i * width, right.data() + (8 - i) * width});
    const std::vector<int64_t> begins = {0, 3, 3, 9};
    auto sums = random_floats(noise, 3 * width);
    auto expected = sums;
    for (size_t s = 0; s < 3; ++s)
      for (int64_t c = 0; c < width; ++c) {
        float sum = 0.0F;
        for (int64_t i = begins[s]; i < begins[s + 1]; ++i) {
          const float product =
              pairs[static_cast<size_t>(i)].left[c] * pairs[static_cast<size_t>(i)].right[c];
          sum = sum + product;
        }
        expected[s * static_cast<size_t>(width) + static_cast<size_t>(c)] += sum;
      }
    add_pair_sums(pairs, begins, width, sums.data());
    ASSERT_EQ(sums, expected) << width;
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, FloatSums, ::testing::ValuesIn(instruction_sets()),
                         [](const auto& test_case) { return instruction_set_name(test_case.param); });

TEST(FloatRounding, EqualsNearbyintForAllKindsOfFloats) {
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 4099) {
    const auto x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (std::isnan(x)) {
      EXPECT_TRUE(std::isnan(round_ties_to_even(x)));
      continue;
    }
    ASSERT_EQ(std::bit_cast<uint32_t>(round_ties_to_even(x)), std::bit_cast<uint32_t>(std::nearbyint(x)))
        << x;
  }
  for (int i = -2000; i <= 2000; ++i) {
    const float half = static_cast<float>(i) / 2.0F;
    ASSERT_EQ(round_ties_to_even(half), std::nearbyint(half));
  }
}

TEST(FloatRequantize, RoundsTiesToEvenAndMasksWhatIsClamped) {
  // Sums 1, 3 and 5 halves are ties; the range is -2 .. 2; a value that only just rounds into it is inside.
  const std::vector<float> sums = {1, 3, 5, -1, -3, -5, 4.998F, 1e30F, -1e30F};
  const std::vector<float> biases(9, 0.0F), scales(9, 0.5F);
  std::vector<float> values(9);
  std::vector<uint8_t> masks(9);
  requantize(sums.data(), {biases, scales, -2.0F, 2.0F}, 9, values.data(), masks.data());
  EXPECT_EQ(values, (std::vector<float>{0, 2, 2, 0, -2, -2, 2, 2, -2}));
  EXPECT_EQ(masks, (std::vector<uint8_t>{1, 1, 1, 1, 1, 1, 1, 0, 0}));
}

TEST(FloatRequantize, FloatRoundingOfSumAndProductDecidesTies) {
  // 2^23 + 0.5 rounds to 2^23; 3 * float32(1/6) rounds to 0.5. Either makes a tie that binary64 would not
  // see.
  const std::vector<float> sums = {8388608.0F, 3.0F}, biases = {0.5F, 0.0F}, scales = {0x1p-24F, 1.0F / 6.0F};
  std::vector<float> values(2);
  requantize(sums.data(), {biases, scales, -128.0F, 127.0F}, 2, values.data(), nullptr);
  EXPECT_EQ(values, (std::vector<float>{0, 0}));
}

TEST(FloatRequantize, RoundsSumAndProductToFloatOnce) {
  Noise noise(3);
  for (int64_t channels = 1; channels <= 40; ++channels) {
    const int64_t count = channels * 5;
    std::vector<float> sums(static_cast<size_t>(count)), biases(static_cast<size_t>(channels)),
        scales(static_cast<size_t>(channels));
    for (float& s : sums) s = static_cast<float>(noise.in(-500000, 500000));
    for (float& b : biases) b = static_cast<float>(noise.in(-500000, 500000)) / 7.0F;
    for (float& s : scales) s = static_cast<float>(noise.in(1, 10000)) * 1e-7F;
    std::vector<float> values(sums.size()), unmasked(sums.size());
    std::vector<uint8_t> masks(sums.size());
    const FloatRequantization rule{biases, scales, -100.0F, 120.0F};
    requantize(sums.data(), rule, count, values.data(), masks.data());
    requantize(sums.data(), rule, count, unmasked.data(), nullptr);
    EXPECT_EQ(values, unmasked);
    for (size_t i = 0; i < sums.size(); ++i) {
      const size_t c = i % static_cast<size_t>(channels);
      volatile float sum = sums[i] + biases[c];
      volatile float product = sum * scales[c];
      const float rounded = std::nearbyint(product);
      ASSERT_EQ(values[i], std::min(120.0F, std::max(-100.0F, rounded)));
      ASSERT_EQ(masks[i], rounded >= -100.0F && rounded <= 120.0F ? 1 : 0);
    }
  }
}

TEST(FloatAddResidual, TakesTwoProductsOneSumOneDivision) {
  Noise noise(4);
  const FloatAdd rule{0.0371F, 0.0113F, 0.0457F, -60.0F, 90.0F};
  const int64_t count = 1003;
  std::vector<float> a(1003), b(1003), values(1003);
  for (float& v : a) v = static_cast<float>(noise.in(-255, 255));
  for (float& v : b) v = static_cast<float>(noise.in(-255, 255));
  std::vector<uint8_t> masks(1003);
  add_residual(a.data(), b.data(), rule, count, values.data(), masks.data());
  for (size_t i = 0; i < values.size(); ++i) {
    volatile float first = a[i] * rule.first_scale;
    volatile float second = b[i] * rule.second_scale;
    volatile float sum = first + second;
    const float rounded = std::nearbyint(sum / rule.output_scale);
    ASSERT_EQ(values[i], std::min(90.0F, std::max(-60.0F, rounded)));
    ASSERT_EQ(masks[i], rounded >= -60.0F && rounded <= 90.0F ? 1 : 0);
  }
}

TEST(FloatWideSums, AreExactBeyond24Bits) {
  Noise noise(5);
  const int64_t rows = 3, depth = 4000, columns = 2;
  std::vector<float> a(static_cast<size_t>(rows * depth)), b(static_cast<size_t>(depth * columns)), c(6);
  for (float& v : a) v = static_cast<float>(noise.in(-255, 255));
  for (float& v : b) v = static_cast<float>(noise.in(-100000, 100000));
  wide_product(MatrixView<const float>::dense(a.data(), rows, depth),
               MatrixView<const float>::dense(b.data(), depth, columns),
               MatrixView<float>::dense(c.data(), rows, columns));
  for (size_t r = 0; r < 3; ++r)
    for (size_t n = 0; n < 2; ++n) {
      int64_t sum = 0;
      for (size_t k = 0; k < 4000; ++k)
        sum += static_cast<int64_t>(a[r * 4000 + k]) * static_cast<int64_t>(b[k * 2 + n]);
      EXPECT_EQ(c[r * 2 + n], static_cast<float>(sum));
    }
}

TEST(FloatWideSums, DepthwiseEqualsTheFloatKernelWhereThatIsExact) {
  Noise noise(6);
  Window w;
  w.input_height = 7;
  w.input_width = 9;
  w.input_channels = w.output_channels = 5;
  w.kernel_height = 3;
  w.kernel_width = 5;
  w.stride_height = 2;
  w.dilation_width = 2;
  w.pad_top = 1;
  w.pad_left = 4;
  w.output_height = 4;
  w.output_width = 9;
  std::vector<float> images(static_cast<size_t>(2 * w.input_elements())), weights(15 * 5);
  for (float& v : images) v = static_cast<float>(noise.in(-255, 255));
  for (float& v : weights) v = static_cast<float>(noise.in(-127, 127));
  std::vector<float> wide(static_cast<size_t>(2 * w.output_elements())), narrow(wide.size(), 0.0F);
  wide_depthwise(images.data(), 2, weights.data(), w, wide.data());
  add_depthwise(images.data(), 2, weights.data(), w, narrow.data());
  EXPECT_EQ(wide, narrow);
}

}  // namespace
}  // namespace thaw
