// The strategy on tables of made-up accuracies.
#include "search/strategies/strategy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/base/error.h"
#include "tests/search/small_problem.h"
#include "tests/search/strategies/table_evaluator.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;
using testing::TableEvaluator;

bool trains_weights(const Schedule& schedule, int32_t op) {
  const LayerUpdate* entry = schedule.find(op);
  return entry != nullptr && entry->weights != UpdatedWeights::none;
}

class Freeze : public ::testing::Test {
 protected:
  StrategyTask task(double threshold) const {
    StrategyTask task;
    task.space = search_space(small_.network);
    task.threshold = threshold;
    task.rates.given = 0.003;
    task.rates.look = {"look", 1, 0.5};
    task.rates.run = {"rate", 2, 1.0};
    task.rates.full = {"full", 2, 1.0};
    task.rates.seeds = {1, 2};
    task.recipe.learning_rate = 0.003;
    return task;
  }

  Trace run(const StrategyTask& of, const TableEvaluator::Table& table, int samples = 2000) {
    TableEvaluator evaluator(small_.problem, samples, table);
    return strategy_named("freeze").run(evaluator, of, [](const std::string&) {});
  }

  testing::SmallProblem small_{1 << 20};
  const int32_t last_ = small_.network.convolution_count() - 1;
};

TEST_F(Freeze, WhereNothingIsLostOnlyTheClassifierRemains) {
  const Trace trace = run(task(0.01), [](const EvaluationRequest&) { return 0.9; });
  EXPECT_EQ(trace.stop_reason, "nothing is left to freeze but the classifier");
  EXPECT_EQ(trace.steps.back().evaluation.request.schedule.update.size(), 1U);
  EXPECT_EQ(trace.reference, 0.9);
  for (size_t i = 1; i < trace.steps.size(); ++i) {
    EXPECT_LE(trace.steps[i].evaluation.ram_bytes, trace.steps[i - 1].evaluation.ram_bytes) << i;
    EXPECT_EQ(trace.steps[i].name, "step " + std::to_string(i) + " of freezing");
    EXPECT_TRUE(trace.steps[i].holds);
  }
}

TEST_F(Freeze, WhatIsNeededGoesLastAndEndsTheSearch) {
  const Trace trace = run(task(0.01), [&](const EvaluationRequest& request) {
    return trains_weights(request.schedule, last_) ? 0.9 : 0.8;
  });
  EXPECT_THAT(trace.stop_reason,
              HasSubstr("without weights of " + small_.network.convolution_layer(last_).name));
  EXPECT_THAT(trace.stop_reason, HasSubstr("falls to 80.00 %, surely more than 1.00 points"));
  EXPECT_FALSE(trace.steps.back().holds);
  for (size_t i = 0; i + 1 < trace.steps.size(); ++i) {
    EXPECT_TRUE(trace.steps[i].holds);
    EXPECT_TRUE(trains_weights(trace.steps[i].evaluation.request.schedule, last_));
  }
}

TEST_F(Freeze, ADipInsideTheNoiseDoesNotEndTheSearch) {
  const auto dip = [&](const EvaluationRequest& request) {
    return trains_weights(request.schedule, last_) ? 0.90 : 0.88;
  };
  EXPECT_THAT(run(task(0.01), dip, 50).stop_reason, HasSubstr("nothing is left"));
  EXPECT_THAT(run(task(0.01), dip, 20000).stop_reason, HasSubstr("falls to 88.00 %"));
  EXPECT_THAT(run(task(0.03), dip, 20000).stop_reason, HasSubstr("nothing is left")) << "threshold";
}

TEST_F(Freeze, StartsShallowerWhereTheWholeNetworkDiverges) {
  StrategyTask searched = task(0.01);
  searched.rates.given.reset();
  const int32_t stable = last_ / 2;
  const Trace trace = run(searched, [&](const EvaluationRequest& request) -> std::optional<double> {
    if (request.schedule.update.front().op < stable) return std::nullopt;
    return 0.9;
  });
  EXPECT_GE(trace.steps.front().evaluation.request.schedule.update.front().op, stable);
  EXPECT_FALSE(trace.steps.front().evaluation.diverged());
}

TEST_F(Freeze, LooksSayWhatTheyFroze) {
  bool seen = false;
  run(task(0.01), [&](const EvaluationRequest& request) {
    if (request.kind == TrialKind::look && request.frozen) {
      seen = true;
      if (request.frozen->what == FrozenTensors::What::weights) {
        EXPECT_FALSE(trains_weights(request.schedule, request.frozen->op)) << request.role;
      }
      EXPECT_THAT(request.role, HasSubstr(request.frozen->layer));
    }
    return 0.9;
  });
  EXPECT_TRUE(seen);
}

TEST(Strategies, AreNamedInOneTable) {
  ASSERT_FALSE(strategies().empty());
  for (const Strategy& strategy : strategies()) {
    EXPECT_EQ(strategy_named(strategy.name).run, strategy.run);
    EXPECT_FALSE(strategy.summary.empty());
  }
  EXPECT_THROW(strategy_named("luck"), Error);
}

}  // namespace
}  // namespace thaw
