// The strategy on a table in which two layers do the same job: what each adds alone cannot be added up.
#include <gtest/gtest.h>

#include <algorithm>

#include "search/strategies/strategy.h"
#include "tests/search/small_problem.h"
#include "tests/search/strategies/table_evaluator.h"

namespace thaw {
namespace {

using testing::TableEvaluator;

TEST(Greedy, TakesOneOfTwoLayersThatDoTheSameJobAndThenAnother) {
  testing::SmallProblem small(1 << 20);
  const int32_t count = small.network.convolution_count();
  const int32_t first = count - 2, same = count - 3, other = count - 5;
  const auto trains = [](const Schedule& schedule, int32_t op) {
    const LayerUpdate* entry = schedule.find(op);
    return entry != nullptr && entry->weights != UpdatedWeights::none;
  };
  TableEvaluator evaluator(small.problem, 2000, [&](const EvaluationRequest& request) {
    const auto has = [&](int32_t op) { return trains(request.schedule, op); };
    return 0.5 + (has(first) || has(same) ? 0.2 : 0.0) - (has(first) && has(same) ? 0.05 : 0.0) +
           (has(other) ? 0.1 : 0.0);
  });
  StrategyTask task;
  task.space = search_space(small.network);
  task.rates = {.given = 0.003,
                .look = {"look", 1, 0.5},
                .run = {"rate", 2, 1.0},
                .full = {"full", 2, 1.0},
                .seeds = {1, 2}};
  task.first_look = task.rates.look;
  task.look_seeds = {1, 2};
  task.recipe.learning_rate = 0.003;

  const Trace trace = strategy_named("greedy").run(evaluator, task, [](const std::string&) {});
  const Schedule& taken = trace.steps.back().evaluation.request.schedule;
  EXPECT_NE(trains(taken, first), trains(taken, same));
  EXPECT_TRUE(trains(taken, other));
  EXPECT_EQ(std::ranges::count_if(taken.update, [&](const LayerUpdate& e) { return trains(taken, e.op); }), 3)
      << "these two and the classifier";
}

}  // namespace
}  // namespace thaw
