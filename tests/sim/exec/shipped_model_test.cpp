// When the classes of a model are those of the data, on confusions made up by hand.
#include "sim/exec/shipped_model.h"

#include <gtest/gtest.h>

namespace thaw {
namespace {

/// Predictions and labels of a confusion matrix: matrix[label][prediction] samples each.
struct Answers {
  explicit Answers(const std::vector<std::vector<int>>& matrix) {
    for (size_t label = 0; label < matrix.size(); ++label)
      for (size_t prediction = 0; prediction < matrix.size(); ++prediction)
        for (int i = 0; i < matrix[label][prediction]; ++i) {
          labels.push_back(static_cast<int32_t>(label));
          predictions.push_back(static_cast<int32_t>(prediction));
        }
    classes = static_cast<int32_t>(matrix.size());
  }

  std::vector<int32_t> predictions, labels;
  int32_t classes = 0;
};

bool knows(const std::vector<std::vector<int>>& matrix) {
  const Answers a(matrix);
  return knows_classes(a.predictions, a.labels, a.classes);
}

TEST(KnowsClasses, WhereMostAreRight) {
  EXPECT_TRUE(knows({{40, 10}, {5, 45}}));
  EXPECT_TRUE(knows({{20, 5, 5}, {12, 10, 8}, {2, 3, 25}})) << "one class is poor, most are its own";
}

TEST(KnowsClasses, NotWhereClassesAreInAnotherOrder) {
  EXPECT_FALSE(knows({{5, 45}, {40, 10}}));
  EXPECT_FALSE(knows({{5, 20, 5}, {20, 5, 5}, {2, 3, 25}}));
}

TEST(KnowsClasses, NotByChanceOrByNamingTheMostFrequent) {
  EXPECT_FALSE(knows({{26, 24}, {24, 26}}));
  EXPECT_FALSE(knows({{90, 0}, {10, 0}}));
}

}  // namespace
}  // namespace thaw
