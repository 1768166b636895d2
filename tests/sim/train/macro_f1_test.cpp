// Macro F1 by hand.
#include "sim/train/macro_f1.h"

#include <gtest/gtest.h>

namespace thaw {
namespace {

TEST(MacroF1, IsTheMeanOverTheClasses) {
  // Class 0: 3 of 4 right, one taken for 1: 2*3/(4+3). Class 1: its one sample right: 2/(1+2). Class 2:
  // absent.
  const Metric f1 = macro_f1({0, 0, 0, 0, 1}, {0, 0, 0, 1, 1}, 3);
  EXPECT_DOUBLE_EQ(f1.value, (6.0 / 7 + 2.0 / 3) / 2);
  EXPECT_TRUE(f1.higher_is_better);
}

TEST(MacroF1, ARareClassThatIsNeverRightHalvesIt) {
  const std::vector<int32_t> labels = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  const Metric f1 = macro_f1(labels, std::vector<int32_t>(10, 0), 2);
  EXPECT_DOUBLE_EQ(f1.value, 18.0 / 19 / 2) << "accuracy is 0.9";
}

TEST(MacroF1, ItsIntervalNarrowsWithTheSamples) {
  const auto interval = [](int32_t repeats) {
    std::vector<int32_t> labels, predictions;
    for (int32_t i = 0; i < 10 * repeats; ++i) {
      labels.push_back(i % 2);
      predictions.push_back(i % 5 == 0 ? 0 : i % 2);
    }
    return macro_f1(labels, predictions, 2);
  };
  const Metric few = interval(2), many = interval(50);
  EXPECT_LT(few.low, few.value);
  EXPECT_GT(few.high, few.value);
  EXPECT_LT(2 * (many.high - many.low), few.high - few.low);
  EXPECT_EQ(interval(2).low, few.low) << "the same draws every time";
}

}  // namespace
}  // namespace thaw
