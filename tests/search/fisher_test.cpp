// Information from gradients alone, on the small problem.
#include "search/fisher.h"

#include <gtest/gtest.h>

#include "tests/search/small_problem.h"

namespace thaw {
namespace {

TEST(Fisher, EveryTensorOfTheSpaceHasSomeAndThreadsChangeNothing) {
  testing::SmallProblem small(1 << 20);
  SearchSpace space = search_space(small.network);
  space.first_op = small.network.convolution_count() - 6;
  space.weights.assign(space.weights.end() - 6, space.weights.end());
  const Contributions one = fisher_contributions(small.problem, TrainingRecipe(), space);
  small.problem.jobs = 3;
  const Contributions three = fisher_contributions(small.problem, TrainingRecipe(), space);
  ASSERT_EQ(one.biases.size(), 6U);
  ASSERT_EQ(one.weights.size(), 6 * space.eighths.size());
  for (size_t i = 0; i < one.biases.size(); ++i) {
    EXPECT_EQ(one.biases[i].gain.nats, three.biases[i].gain.nats);
    if (i > 0) {
      EXPECT_GT(one.biases[i - 1].gain.nats, one.biases[i].gain.nats) << "deeper ones add theirs";
    }
  }
  for (size_t i = 0; i < one.weights.size(); ++i) {
    EXPECT_EQ(one.weights[i].gain.nats, three.weights[i].gain.nats);
    EXPECT_GT(one.weights[i].gain.nats, 0.0);
    EXPECT_DOUBLE_EQ(one.weights[i].gain.nats,
                     one.find({one.weights[i].share.op, 8})->gain.nats * one.weights[i].share.eighths / 8.0);
  }
}

}  // namespace
}  // namespace thaw
