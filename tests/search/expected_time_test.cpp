// How long a search will take, as it is said before anything is trained.
#include "search/expected_time.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/search/small_problem.h"

namespace thaw {
namespace {

TEST(ExpectedTime, IsMeasuredAndLeavesNothingBehind) {
  testing::SmallProblem small(64 * 1024);
  TrialRecord record("", "digest");
  testing::LocalEvaluator evaluator(small.problem, record);
  SearchOptions options;
  options.effort = efforts().front();
  const ExpectedTime expected = expected_time(evaluator, options, 1);
  EXPECT_GT(expected.work, 0.0);
  EXPECT_GT(expected.seconds, 0.0);
  EXPECT_TRUE(std::isfinite(expected.seconds));
  EXPECT_TRUE(record.evaluations().empty());
  EXPECT_EQ(evaluator.work().trained, 0);
}

}  // namespace
}  // namespace thaw
