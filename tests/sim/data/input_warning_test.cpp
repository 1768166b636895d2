// Samples in other units than the model's are said, samples as they should be are not.
#include "sim/data/input_warning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thaw {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const Quantization unit = {{1.0F / 255}, {-128}, 0};  // 0..1
const Quantization bytes = {{1.0F}, {-128}, 0};       // 0..255

Dataset floats(std::vector<float> values) {
  Dataset data;
  data.element_type = ElementType::float32;
  data.train.count = 1;
  data.train.values = std::move(values);
  return data;
}

/// 1,000 values from `low` to `high`, evenly.
std::vector<float> ramp(float low, float high) {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(low + (high - low) * static_cast<float>(i) / 999);
  return values;
}

std::string warning(const Dataset& data, const Quantization& input) {
  return input_warning(data, data.train, "training", input).value_or("");
}

TEST(InputWarning, SamplesInTheModelsUnitsNeedNone) {
  EXPECT_EQ(warning(floats(ramp(0, 1)), unit), "");
  EXPECT_EQ(warning(floats(ramp(0, 255)), bytes), "");
  EXPECT_EQ(warning(floats(ramp(-1, 1)), {{1.0F / 128}, {0}, 0}), "");
  EXPECT_EQ(warning(floats({0, 1, 0, 1, 1}), bytes), "");  // two values were all there was
}

TEST(InputWarning, ClippedSamplesAreCountedFromOnePercentOn) {
  std::vector<float> bytes_of_pixels;
  for (int i = 0; i < 256; ++i) bytes_of_pixels.push_back(static_cast<float>(i));
  EXPECT_THAT(
      warning(floats(bytes_of_pixels), unit),
      AllOf(HasSubstr("99.22 % of the values are clipped"), HasSubstr("training samples lie in 0 to 255"),
            HasSubstr("input in 0 to 1 "), HasSubstr("astype('uint8')")));
  std::vector<float> values = ramp(0, 1);
  std::fill_n(values.begin(), 10, 5.0F);
  EXPECT_EQ(warning(floats(values), unit), "");  // 1 %, not more
  std::fill_n(values.begin(), 11, -5.0F);
  EXPECT_THAT(warning(floats(values), unit), HasSubstr("1.1 % of the values are clipped"));
}

TEST(InputWarning, TheEndsOfTheRangeAreNotClipped) {
  EXPECT_EQ(warning(floats({0, 0, 0, 1, 1, 1, 0.5F}), unit), "");
}

TEST(InputWarning, ValuesThatFallTogetherAreSaid) {
  EXPECT_THAT(warning(floats(ramp(0, 1)), bytes),
              AllOf(HasSubstr("fall on 2 of the 256"), HasSubstr("(255 * x)")));
  EXPECT_THAT(warning(floats(ramp(-3, 3)), {{1.0F}, {0}, 0}), HasSubstr("fall on 7 of the 256"));
  std::vector<float> values(100000, 0.25F);  // a few loud values among many quiet ones do not hide it
  for (size_t i = 0; i < 1000; ++i) values[i] = static_cast<float>(i) / 1000;
  for (size_t i = 0; i < 50; ++i) values[1000 + i] = static_cast<float>(i);
  EXPECT_THAT(warning(floats(values), bytes), HasSubstr("of the 256"));
}

TEST(InputWarning, PixelsOfZeroAndOneAreNearlyBlack) {
  Dataset data;
  data.train.count = 1;
  data.train.pixels = {0, 1, 1, 0};
  EXPECT_THAT(warning(data, unit), HasSubstr("Multiply them by 255"));
  data.train.pixels[0] = 2;
  EXPECT_EQ(warning(data, unit), "");
}

}  // namespace
}  // namespace thaw
