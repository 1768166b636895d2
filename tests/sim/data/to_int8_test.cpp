// Pixels and real values as int8 inputs.
#include "sim/data/to_int8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

Dataset floats(std::vector<float> values) {
  Dataset dataset;
  dataset.name = "floats";
  dataset.element_type = ElementType::float32;
  dataset.train.count = 2;
  dataset.train.values = std::move(values);
  return dataset;
}

TEST(ToInt8, PixelsLoseTheirOffset) {
  Dataset dataset;
  dataset.train.count = 3;
  dataset.train.pixels = {0, 1, 127, 128, 254, 255};
  EXPECT_EQ(to_int8(dataset, dataset.train, {}), (std::vector<int8_t>{-128, -127, -1, 0, 126, 127}));
}

TEST(ToInt8, RealValuesRoundHalvesAwayFromZeroAndSaturate) {
  const float huge = std::numeric_limits<float>::max();
  const Dataset dataset = floats({0.25F, -0.25F, 0.74F, 100.0F, -100.0F, huge, -huge, 0.0F});
  // scale 0.5: 0.5 -> 1, -0.5 -> -1, 1.48 -> 1, 200 and beyond saturate; then + 3.
  EXPECT_EQ(to_int8(dataset, dataset.train, {{0.5F}, {3}, 0}),
            (std::vector<int8_t>{4, 2, 4, 127, -128, 127, -128, 3}));
  std::vector<int8_t> second(4);
  sample_to_int8(dataset, dataset.train, 1, {{0.5F}, {3}, 0}, second);
  EXPECT_EQ(second, (std::vector<int8_t>{-128, 127, -128, 3}));
}

TEST(ToInt8, RealValuesNeedAScale) {
  const Dataset dataset = floats({1, 2});
  for (const Quantization& input :
       {Quantization{}, Quantization{{0.0F}, {0}, 0}, Quantization{{1, 2}, {0, 0}, 0}})
    EXPECT_THAT(testing::error_of([&] { to_int8(dataset, dataset.train, input); }),
                ::testing::HasSubstr("no usable scale"));
}

}  // namespace
}  // namespace thaw
