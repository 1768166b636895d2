// The strategy on tables of made-up accuracies: one layer's weights matter, all others hardly.
#include "search/strategies/strategy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "search/schedules.h"
#include "tests/search/small_problem.h"
#include "tests/search/strategies/table_evaluator.h"

namespace thaw {
namespace {

using testing::TableEvaluator;

constexpr int64_t kClassifier = 11'700;  // bytes of the last layer alone in the table

class Peak : public ::testing::Test {
 protected:
  StrategyTask task(Goal goal) const {
    StrategyTask task;
    task.space = search_space(small_.network);
    task.goal = goal;
    task.rates.given = 0.003;
    task.rates.look = {"look", 1, 0.5};
    task.rates.run = {"rate", 2, 1.0};
    task.rates.full = {"full", 2, 1.0};
    task.rates.seeds = {1, 2};
    task.first_look = task.rates.look;
    task.look_seeds = {1, 2};
    task.recipe.learning_rate = 0.003;
    task.smaller_budgets = 3;
    return task;
  }

  /// 10 points for the weights of `mattering_`, 0.01 for those of any other layer and for each bias.
  std::optional<double> accuracy(const EvaluationRequest& request) const {
    double sum = 0.5;
    for (const LayerUpdate& entry : request.schedule.update) {
      if (entry.bias) sum += 0.0001;
      if (entry.weights == UpdatedWeights::none || entry.op == count_) continue;
      sum += entry.op == mattering_ ? 0.1 : 0.0001;
    }
    return sum;
  }

  Trace run(const StrategyTask& task, int64_t ram) {
    small_.problem.board.ram_bytes = ram;
    TableEvaluator evaluator(small_.problem, 2000, [&](const EvaluationRequest& r) { return accuracy(r); });
    return strategy_named("peak").run(evaluator, task, [](const std::string&) {});
  }

  bool trains_what_matters(const TraceStep& step) const {
    const LayerUpdate* entry = step.evaluation.request.schedule.find(mattering_);
    return entry != nullptr && entry->weights != UpdatedWeights::none;
  }

  testing::SmallProblem small_{1 << 20};
  const int32_t count_ = small_.network.convolution_count();
  const int32_t mattering_ = count_ - 2;
};

TEST_F(Peak, SmallerBudgetsAreConfirmedBesideTheBoards) {
  const Trace trace = run(task(Goal::accuracy), 1 << 20);
  ASSERT_GE(trace.steps.size(), 4U);
  const int64_t most = trace.steps[0].evaluation.ram_bytes;
  const auto in = [&](double low, double high) {
    return std::any_of(trace.steps.begin(), trace.steps.end(), [&](const TraceStep& step) {
      const auto above = static_cast<double>(step.evaluation.ram_bytes - kClassifier);
      const auto whole = static_cast<double>(most - kClassifier);
      return above > low * whole && above <= high * whole;
    });
  };
  EXPECT_TRUE(in(0.25, 0.5));
  EXPECT_TRUE(in(0.125, 0.25));
  EXPECT_TRUE(in(0.0, 0.125));
}

TEST_F(Peak, ForBytesTheSmallestThatHoldsIsFound) {
  const Trace trace = run(task(Goal::bytes), 1 << 20);
  const TraceStep* smallest = nullptr;
  for (const TraceStep& step : trace.steps)
    if (step.holds && (smallest == nullptr || step.evaluation.ram_bytes < smallest->evaluation.ram_bytes))
      smallest = &step;
  ASSERT_NE(smallest, nullptr);
  EXPECT_TRUE(trains_what_matters(*smallest));
  // 1,600 bytes for the layer's weights, 100 a bias, and little more for layers that hardly matter.
  EXPECT_LE(smallest->evaluation.ram_bytes, trace.steps[0].evaluation.ram_bytes / 2 + kClassifier / 2);
  for (const TraceStep& step : trace.steps)
    EXPECT_EQ(step.holds, step.evaluation.value() >= trace.reference - 0.01);
}

TEST_F(Peak, BiasesThatDoNotFitAreNotMeasured) {
  const auto looks_at_biases = [&](int64_t ram) {
    small_.problem.board.ram_bytes = ram;
    int count = 0;
    TableEvaluator evaluator(small_.problem, 2000, [&](const EvaluationRequest& request) {
      const std::vector<LayerUpdate>& update = request.schedule.update;
      const bool biases_alone = std::all_of(update.begin(), update.end() - 1, [](const LayerUpdate& entry) {
        return entry.weights == UpdatedWeights::none;
      });
      if (biases_alone) {
        ++count;
        EXPECT_TRUE(evaluator.fits(request.schedule)) << request.role;
      }
      return accuracy(request);
    });
    strategy_named("peak").run(evaluator, task(Goal::accuracy), [](const std::string&) {});
    return count;
  };
  const int everything = looks_at_biases(1 << 20);
  EXPECT_GE(everything, count_);
  EXPECT_LT(looks_at_biases(13'000), everything - 5);
}

TEST_F(Peak, ContributionsAreMeasuredAtOneRateForEveryBudget) {
  const int32_t half = (first_trainable_convolution(small_.network) + count_) / 2;
  StrategyTask without_rate = task(Goal::accuracy);
  without_rate.rates.given.reset();
  const auto rate_looks = [&](int64_t ram) {
    small_.problem.board.ram_bytes = ram;
    std::vector<size_t> updated;  // layers in each schedule whose rate is looked for
    TableEvaluator evaluator(small_.problem, 2000, [&](const EvaluationRequest& request) {
      if (request.role.ends_with("some of the weights")) updated.push_back(request.schedule.update.size());
      return accuracy(request);
    });
    strategy_named("peak").run(evaluator, without_rate, [](const std::string&) {});
    return updated;
  };
  const auto fits = [&](int64_t ram, int32_t first_op) {
    small_.problem.board.ram_bytes = ram;
    const TableEvaluator any(small_.problem, 2000, [&](const EvaluationRequest& r) { return accuracy(r); });
    return any.fits(bias_schedule(small_.network, without_rate.recipe, first_op));
  };
  int64_t least = kClassifier;
  while (!fits(least, half)) least += 100;
  EXPECT_FALSE(fits(least, first_trainable_convolution(small_.network)));
  const std::vector<size_t> with_everything = rate_looks(1 << 20);
  EXPECT_FALSE(with_everything.empty());
  EXPECT_EQ(rate_looks(least), with_everything);
}

TEST_F(Peak, ContributionsAreMeasuredAtARateThatWeightsBearToo) {
  StrategyTask without_rate = task(Goal::accuracy);
  without_rate.rates.given.reset();
  small_.problem.board.ram_bytes = 1 << 20;
  const double slow = kSlowestRate * 4, fast = slow * 8;
  TableEvaluator evaluator(small_.problem, 2000, [&](const EvaluationRequest& request) {
    const bool weights = std::ranges::any_of(request.schedule.update, [&](const LayerUpdate& entry) {
      return entry.op < count_ - 1 && entry.weights != UpdatedWeights::none;
    });
    const double octaves = std::log2(request.schedule.training.learning_rate / (weights ? slow : fast));
    return 0.7 - 0.01 * std::abs(octaves);
  });
  const Trace trace = strategy_named("peak").run(evaluator, without_rate, [](const std::string&) {});
  ASSERT_TRUE(trace.contributions);
  EXPECT_DOUBLE_EQ(trace.contributions->learning_rate, slow);
}

}  // namespace
}  // namespace thaw
