// What a search will train is foretold well enough for the time that is left.
#include "search/expected_work.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "search/search.h"
#include "tests/search/small_problem.h"
#include "tests/search/strategies/table_evaluator.h"

namespace thaw {
namespace {

/// More is better, and a rate of 0.01 is best.
double accuracy(const EvaluationRequest& request) {
  double sum = 0.5;
  for (const LayerUpdate& entry : request.schedule.update)
    sum += (entry.bias ? 0.002 : 0.0) + (entry.weights == UpdatedWeights::none ? 0.0 : 0.004);
  const double off = std::abs(std::log2(request.schedule.training.learning_rate / 0.01));
  return std::max(0.1, sum - 0.01 * off);
}

TEST(ExpectedWork, IsWithinAFactorOfTwoForEveryStrategyAndSetting) {
  testing::SmallProblem small(14'000);
  for (const Strategy& strategy : strategies()) {
    if (strategy.name == "fisher") continue;  // asks gradients, which a table has not
    for (const Goal goal : {Goal::accuracy, Goal::bytes})
      for (const Effort& effort : {efforts().front(), efforts().back()})
        for (const int32_t epochs : {1, 4})
          for (const bool rate_given : {true, false}) {
            SearchOptions options;
            options.strategy = strategy.name;
            options.goal = goal;
            options.effort = effort;
            options.epochs = epochs;
            if (rate_given) options.learning_rate = 0.01;
            testing::TableEvaluator evaluator(small.problem, 200, accuracy);
            const double expected = expected_work(evaluator, options);
            search(evaluator, options, [](const std::string&) {});
            const double ratio = evaluator.work() / expected;
            const std::string setting =
                fmt::format("{} for {}, {}, {} epochs, rate {}: {:.2f}", strategy.name,
                            goal == Goal::bytes ? "bytes" : "accuracy", effort.name, epochs,
                            rate_given ? "given" : "searched", ratio);
            // Freezing ends when accuracy falls, which nobody can know before.
            EXPECT_GT(ratio, strategy.name == "freeze" ? 0.2 : 0.5) << setting;
            EXPECT_LT(ratio, 2.0) << setting;
          }
  }
}

}  // namespace
}  // namespace thaw
