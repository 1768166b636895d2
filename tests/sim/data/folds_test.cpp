// Validation folds: every sample is judged once, classes keep their shares, and the order depends on the seed
// alone.
#include "sim/data/folds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sim/base/error.h"

namespace thaw {
namespace {

std::vector<int32_t> labels(int32_t count, int32_t classes) {
  std::vector<int32_t> result;
  for (int32_t i = 0; i < count; ++i) result.push_back(i % classes);
  return result;
}

TEST(ValidationFolds, JudgeEverySampleOnceAndNeverTrainOnWhatTheyJudge) {
  for (const int32_t count : {2, 3, 5})
    for (const uint32_t seed : {1U, 2U, 9U}) {
      std::multiset<uint32_t> judged;
      for (const Fold& fold : validation_folds(labels(103, 4), count, seed)) {
        judged.insert(fold.validation.begin(), fold.validation.end());
        std::vector<uint32_t> all = fold.train;
        all.insert(all.end(), fold.validation.begin(), fold.validation.end());
        std::sort(all.begin(), all.end());
        ASSERT_EQ(all.size(), 103U);
        for (uint32_t place = 0; place < all.size(); ++place) ASSERT_EQ(all[place], place);
        EXPECT_NEAR(static_cast<double>(fold.validation.size()), 103.0 / count, 1.0);
      }
      EXPECT_EQ(judged.size(), 103U);
      EXPECT_EQ(std::set<uint32_t>(judged.begin(), judged.end()).size(), 103U);
    }
}

TEST(ValidationFolds, KeepTheShareOfEveryClass) {
  const std::vector<int32_t> all = labels(100, 4);
  for (const Fold& fold : validation_folds(all, 5, 1))
    for (int32_t label = 0; label < 4; ++label)
      EXPECT_EQ(std::count_if(fold.validation.begin(), fold.validation.end(),
                              [&](uint32_t place) { return all[place] == label; }),
                5);
}

TEST(ValidationFolds, ALonelySampleIsAlwaysTrainedOn) {
  std::vector<int32_t> all = labels(40, 2);
  all.push_back(2);
  for (const Fold& fold : validation_folds(all, 4, 1))
    EXPECT_NE(std::find(fold.train.begin(), fold.train.end(), 40U), fold.train.end());
}

TEST(ValidationFolds, DifferWithTheSeedOnly) {
  const auto first = [](uint32_t seed) { return validation_folds(labels(60, 3), 3, seed)[0].validation; };
  EXPECT_EQ(first(4), first(4));
  EXPECT_NE(first(4), first(5));
}

TEST(ValidationFolds, TooFewSamplesAreRefused) {
  EXPECT_THROW(validation_folds(labels(4, 2), 5, 1), Error);
}

}  // namespace
}  // namespace thaw
