// Means and deviations by hand.
#include "sim/data/normalise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sim/data/to_int8.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Two samples of 2 rows and 2 channels: 1, 3, 5, 7 (mean 4, deviation sqrt(5)) and 10 always.
Dataset two_channels() {
  Dataset data;
  data.element_type = ElementType::float32;
  data.shape = {2, 2};
  data.train.count = 2;
  data.train.values = {1, 10, 3, 10, 5, 10, 7, 10};
  data.test.count = 1;
  data.test.values = {4, 11, 14, 10};
  return data;
}

const Quantization standard = {{0.03125F}, {-3}, 0};  // -3.9 to 4.06

TEST(Normalise, ByTheTrainingSamplesOfEachChannel) {
  Dataset data = two_channels();
  data.sha256 = content_digest(data);
  const std::string before = data.sha256;
  const Normalisation by = normalise(data, standard);
  EXPECT_THAT(by.means, ElementsAre(4, 10));
  EXPECT_THAT(by.deviations,
              ElementsAre(::testing::DoubleEq(std::sqrt(5.0)), 1));  // a constant channel stays
  EXPECT_FLOAT_EQ(data.train.values[0], static_cast<float>(-3 / std::sqrt(5.0)));
  EXPECT_FLOAT_EQ(data.train.values[1], 0);
  EXPECT_FLOAT_EQ(data.test.values[1], 1);
  EXPECT_FLOAT_EQ(data.test.values[2], static_cast<float>(10 / std::sqrt(5.0)));
  EXPECT_NE(data.sha256, before);
}

TEST(Normalise, AVectorHasAChannelAnElement) {
  Dataset data = two_channels();
  data.shape = {4};
  EXPECT_THAT(normalise(data, standard).means, ElementsAre(3, 10, 5, 10));
}

TEST(Normalise, TheModelsUnitsAreKeptWhereTheyHaveRoom) {
  Dataset data = two_channels();
  EXPECT_EQ(normalise(data, standard).input.scale(), 0.03125F);
  for (const Quantization& other : {Quantization{{1.0F / 255}, {-128}, 0}, Quantization{{1.0F}, {0}, 0}}) {
    Dataset again = two_channels();
    const Normalisation by = normalise(again, other);
    again.test.values = {-3, 0, 1, 4};
    EXPECT_THAT(to_int8(again, again.test, by.input), ElementsAre(-127, 0, 42, 127));
  }
}

TEST(Normalise, BytesAreRefused) {
  Dataset data;
  data.name = "pictures";
  data.train.count = 1;
  data.train.pixels = {1};
  EXPECT_THAT(testing::error_of([&] { normalise(data, standard); }), HasSubstr("pictures: holds bytes"));
}

}  // namespace
}  // namespace thaw
