// Which schedule is the answer, on made-up evaluations of the small problem's 120 training samples.
#include "search/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "search/training_evaluator.h"
#include "sim/base/error.h"
#include "tests/search/small_problem.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;

class ChooseSchedule : public ::testing::Test {
 protected:
  /// Right on the first `right` of the 120 samples, in the order in which the folds judge them.
  Contender measured(const std::string& name, int64_t ram, int32_t right) const {
    Contender contender{name, {}};
    Evaluation& e = contender.evaluation;
    e.request.fidelity = {"full", 1, 1.0};
    e.ram_bytes = ram;
    for (const Fold& fold : small_.problem.folds) {
      SeedResult seed;
      int32_t hits = 0;
      for (uint32_t place : fold.validation) {
        const int32_t label = small_.train.labels[place];
        seed.predictions.push_back(right > 0 ? label : (label + 1) % 4);
        hits += right > 0 ? 1 : 0;
        --right;
      }
      seed.accuracy = static_cast<double>(hits) / static_cast<double>(fold.validation.size());
      e.seeds.push_back(seed);
    }
    return contender;
  }

  Choice choose(const std::vector<Contender>& contenders, double threshold_points, Goal goal = Goal::bytes) {
    TrialRecord record("", "digest");
    const testing::LocalEvaluator evaluator(small_.problem, record);
    return choose_schedule(evaluator, contenders, goal, threshold_points / 100);
  }

  testing::SmallProblem small_{1 << 20};
};

TEST_F(ChooseSchedule, TakesTheSmallestWithinTheThresholdOfTheBest) {
  // 50.0, 91.7, 93.3 and 92.5 %.
  const std::vector<Contender> all = {measured("last layer only", 10, 60), measured("step 2", 40, 110),
                                      measured("start", 100, 112), measured("step 1", 60, 111)};
  EXPECT_EQ(choose(all, 2.0).chosen, 1U);
  EXPECT_EQ(choose(all, 1.0).chosen, 3U);
  EXPECT_EQ(choose(all, 0.5).chosen, 2U);
  EXPECT_EQ(choose(all, 0.5).best, 2U);
  EXPECT_TRUE(choose(all, 2.0).gained);
  EXPECT_THAT(choose(all, 2.0).reason, HasSubstr("step 2 is the smallest within 2.00 points"));
}

TEST_F(ChooseSchedule, ForAccuracyTakesTheMostAccurate) {
  const std::vector<Contender> all = {measured("last layer only", 10, 60), measured("step 2", 40, 110),
                                      measured("start", 100, 112), measured("step 1", 60, 112)};
  EXPECT_EQ(choose(all, 2.0, Goal::accuracy).chosen, 3U) << "of equals the smaller";
  const std::vector<Contender> chance = {measured("last layer only", 10, 60), measured("start", 100, 62)};
  EXPECT_EQ(choose(chance, 2.0, Goal::accuracy).chosen, 0U);
  EXPECT_FALSE(choose(chance, 2.0, Goal::accuracy).gained);
}

TEST_F(ChooseSchedule, ABaselineWins) {
  const std::vector<Contender> all = {measured("start", 100, 80), measured("step 1", 60, 60),
                                      measured("last 1 layer", 20, 112)};
  EXPECT_EQ(choose(all, 1.0).chosen, 2U);
  EXPECT_THAT(choose(all, 1.0).reason, HasSubstr("both the smallest and the most accurate"));
}

TEST_F(ChooseSchedule, WhatChanceCanExplainIsNoGain) {
  const std::vector<Contender> all = {measured("last layer only", 10, 60), measured("step 2", 40, 63),
                                      measured("start", 100, 66)};
  EXPECT_EQ(choose(all, 1.0).chosen, 0U);
  EXPECT_FALSE(choose(all, 1.0).gained);
  EXPECT_THAT(choose(all, 1.0).reason, HasSubstr("nothing is gained beyond chance"));
}

TEST_F(ChooseSchedule, OfEqualBytesTheMoreAccurateWins) {
  const std::vector<Contender> all = {measured("small", 10, 20), measured("one", 40, 100),
                                      measured("tuned", 40, 101)};
  EXPECT_EQ(choose(all, 5.0).chosen, 2U);
}

TEST_F(ChooseSchedule, WhatDivergedOrDoesNotFitIsNeverTheAnswer) {
  std::vector<Contender> all = {measured("diverged", 10, 120), measured("too large", 20, 120),
                                measured("good", 30, 60)};
  all[0].evaluation.seeds[2].outcome = Outcome::diverged;
  all[1].evaluation.over_budget = true;
  EXPECT_EQ(choose(all, 1.0).chosen, 2U);
  all.pop_back();
  EXPECT_THROW(choose(all, 1.0), Error);
}

}  // namespace
}  // namespace thaw
