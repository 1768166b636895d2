// Channels, whole-image fitting and centre crops.
#include "sim/data/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

Image ramp(int32_t height, int32_t width) {
  Image image{height, width, 1, {}};
  for (int32_t i = 0; i < height * width; ++i) image.pixels.push_back(static_cast<uint8_t>(i));
  return image;
}

TEST(Fit, LumaIsRoundedFixedPoint) {
  // 19595 * 255 + 32768 = 5029493 = 76 * 65536 + 48757, and so on.
  const Image rgb{1, 5, 3, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 10, 20, 30}};
  EXPECT_EQ(convert_channels(rgb, 1).pixels, (std::vector<uint8_t>{76, 150, 29, 255, 18}));
}

TEST(Fit, GreyIsRepeated) {
  EXPECT_EQ(convert_channels(ramp(1, 2), 3).pixels, (std::vector<uint8_t>{0, 0, 0, 1, 1, 1}));
}

TEST(Fit, CropOffsetsOfAHalfGoToEven) {
  // Already the right height: only cropped. (5 - 2) / 2 = 1.5 -> 2; (3 - 2) / 2 = 0.5 -> 0.
  EXPECT_EQ(fit_and_crop(ramp(2, 5), {2, 2, 1}, "x").pixels, (std::vector<uint8_t>{2, 3, 7, 8}));
  EXPECT_EQ(fit_and_crop(ramp(2, 3), {2, 2, 1}, "x").pixels, (std::vector<uint8_t>{0, 1, 3, 4}));
  EXPECT_EQ(fit_and_crop(ramp(5, 2), {2, 2, 1}, "x").pixels, (std::vector<uint8_t>{4, 5, 6, 7}));
}

TEST(Fit, ShorterSideIsTheModelsAndNothingIsStretched) {
  for (const auto& [height, width] : {std::pair{7, 31}, {31, 7}, {16, 16}, {1, 40}, {40, 1}}) {
    const Image out = fit_and_crop(ramp(height, width), {12, 10, 3}, "x");
    EXPECT_EQ(out.height, 12);
    EXPECT_EQ(out.width, 10);
    EXPECT_EQ(out.pixels.size(), 360U);
  }
}

TEST(Fit, ExtremelyNarrowImagesAreRefused) {
  Image image{1, 60000, 1, std::vector<uint8_t>(60000)};
  EXPECT_THAT(error_of([&] {
                fit_and_crop(image, {224, 224, 3}, "strip.png");
              }),
              AllOf(HasSubstr("strip.png"), HasSubstr("too narrow")));
}

TEST(Fit, OnlyGreyAndRgbAreConverted) {
  EXPECT_EQ(complete_shape({0, 0, 0}, {5, 6, 4}, "x"), (SampleShape{5, 6, 4}));
  EXPECT_EQ(complete_shape({8, 0, 1}, {5, 6, 3}, "x"), (SampleShape{8, 6, 1}));
  EXPECT_THAT(error_of([] { complete_shape({0, 0, 3}, {5, 6, 4}, "x"); }), HasSubstr("4 channels"));
  EXPECT_THAT(error_of([] { complete_shape({0, 0, 4}, {5, 6, 3}, "x"); }), HasSubstr("input has 4"));
}

TEST(Fit, SplitsThatWouldNotFitMemoryAreRefused) {
  Split split;
  split.count = 60000;
  split.pixels.resize(60000);
  EXPECT_THAT(error_of([&] {
                fit_split(split, {1, 1, 1}, {512, 512, 3}, "set");
              }),
              HasSubstr("take more than"));
}

}  // namespace
}  // namespace thaw
