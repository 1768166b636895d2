// Which samples a model reads, axis by axis.
#include "sim/data/sample_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Shape = std::vector<int32_t>;

Dataset of_shape(const Shape& shape, const std::string& format = "npz") {
  Dataset data;
  data.shape = shape;
  data.format = format;
  return data;
}

std::string error(const Shape& held, const Shape& wanted, const std::string& format = "npz") {
  Dataset data = of_shape(held, format);
  return testing::error_of([&] { check_sample_shape(data, wanted, "data.npz", "m.tflite"); });
}

TEST(SampleShape, EqualAxesPassWithoutANote) {
  Dataset data = of_shape({8, 8, 3});
  check_sample_shape(data, {8, 8, 3}, "data.npz", "m.tflite");
  EXPECT_THAT(data.notes, IsEmpty());
}

TEST(SampleShape, AxesOfOneMayBeAnywhereAndAreNoted) {
  for (const Shape& held : {Shape{49, 10}, Shape{1, 49, 10}, Shape{49, 1, 10}}) {
    Dataset data = of_shape(held);
    check_sample_shape(data, {49, 10, 1}, "data.npz", "m.tflite");
    EXPECT_THAT(data.notes,
                ElementsAre("samples of " + shape_text(held) + " are read as 49x10x1, row by row"));
  }
  EXPECT_EQ(error({1}, {}), "no error");  // a single number
}

TEST(SampleShape, ChannelsFirstAreNamedWhateverTheSize) {
  for (const Shape& held : {Shape{3, 8, 8}, Shape{3, 32, 32}})
    EXPECT_THAT(error(held, {8, 8, 3}), AllOf(HasSubstr("data.npz: a sample is " + shape_text(held)),
                                              HasSubstr("'m.tflite' reads 8x8x3 (height x width x channels)"),
                                              HasSubstr("x.transpose(0, 2, 3, 1)")));
  EXPECT_THAT(error({5, 8, 9}, {8, 9, 5}), HasSubstr("channels come first"));
}

TEST(SampleShape, TheSameElementsInAnotherShapeAreRefused) {
  EXPECT_THAT(error({10, 49}, {49, 10, 1}), HasSubstr("the axes in the model's order (numpy.transpose)"));
  EXPECT_THAT(error({192}, {8, 8, 3}), HasSubstr("x.reshape(-1, 8, 8, 3)"));
  EXPECT_THAT(error({4, 16}, {8, 8}), HasSubstr("x.reshape(-1, 8, 8)"));
  EXPECT_THAT(error({28, 28}, {784}), HasSubstr("x.reshape(-1, 784)"));
  EXPECT_THAT(error({9}, {10}), HasSubstr("Only uint8 images are resized"));
}

TEST(SampleShape, GreyImagesFeedAVectorRowByRow) {
  EXPECT_EQ(error({28, 28, 1}, {784}, "idx"), "no error");
  EXPECT_THAT(error({28, 28, 3}, {2352}, "cifar"), HasSubstr("a sample is 28x28x3"));
  EXPECT_THAT(error({28, 28, 1}, {783}, "idx"), HasSubstr("reads 783"));
}

}  // namespace
}  // namespace thaw
