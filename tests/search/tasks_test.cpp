// A search where the model's own output is compared: errors in the place of accuracy, lower is better.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "search/files/comparison_file.h"
#include "search/files/trial_file.h"
#include "search/fold_losses.h"
#include "search/run_directory.h"
#include "search/schedules.h"
#include "search/search.h"
#include "search/training_evaluator.h"
#include "sim/base/json.h"
#include "tests/search/small_problem.h"
#include "tests/support/autoencoder.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/wave_samples.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;

/// An autoencoder that can take the shape of a sine; some test samples are noise.
struct AnomalyProblem {
  AnomalyProblem()
      : network(reduce(testing::Autoencoder(6).graph(), {.task = Task::reconstruct})),
        train(testing::wave_samples(network.classifier.features, 200, 0, 1)),
        test(testing::joined(testing::wave_samples(network.classifier.features, 60, 0, 2),
                             testing::wave_samples(network.classifier.features, 60, 1, 3))) {
    network.graph.sha256 = std::string(64, 'a');  // no file has it
    problem.network = &network;
    problem.train = &train;
    problem.test = &test;
    problem.folds = validation_folds(train.labels, 4, 1);
    problem.mirror = false;
    problem.board.name = "test";
    problem.board.ram_bytes = 1 << 20;
    problem.board.flash_bytes = 1 << 20;
    problem.board.stack_bytes = 4096;
  }

  Network network;
  Samples train, test;
  SearchProblem problem;
};

SearchOptions quick_options() {
  SearchOptions options;
  options.recipe.flip = false;
  options.epochs = 4;
  options.seeds = 2;
  options.effort = effort_named("quick");
  return options;
}

class SearchOfErrors : public ::testing::Test {
 protected:
  /// Errors of the 200 training samples, in the order in which the folds judge them: `error` of even ones, a
  /// tenth more of odd ones.
  Contender measured(const std::string& name, int64_t ram, double error) const {
    Contender contender{name, {}};
    Evaluation& e = contender.evaluation;
    e.request.fidelity = {"full", 1, 1.0};
    e.ram_bytes = ram;
    for (const Fold& fold : anomaly_.problem.folds) {
      SeedResult seed;
      seed.metric = MetricKind::mean_squared_error;
      for (size_t i = 0; i < fold.validation.size(); ++i)
        seed.errors.push_back(i % 2 == 0 ? error : 1.1 * error);
      seed.value = 1.05 * error;
      e.seeds.push_back(seed);
    }
    return contender;
  }

  Choice choose(const std::vector<Contender>& contenders, double percent, Goal goal) {
    TrialRecord record("", "digest");
    const testing::LocalEvaluator evaluator(anomaly_.problem, record);
    return choose_schedule(evaluator, contenders, goal, percent / 100);
  }

  AnomalyProblem anomaly_;
};

TEST_F(SearchOfErrors, TheSmallestErrorWins) {
  const std::vector<Contender> all = {measured("last layer only", 10, 3.0), measured("start", 40, 1.0),
                                      measured("step 1", 30, 1.02)};
  EXPECT_EQ(choose(all, 1, Goal::accuracy).chosen, 1U);
  EXPECT_EQ(choose(all, 5, Goal::bytes).chosen, 2U);
  EXPECT_THAT(choose(all, 5, Goal::bytes).reason, HasSubstr("within 5.00 percent of the best (start, 1.05)"));
  EXPECT_EQ(choose(all, 1, Goal::bytes).chosen, 1U);
}

TEST_F(SearchOfErrors, OneThatDivergedNeverWins) {
  std::vector<Contender> all = {measured("start", 40, 2.0), measured("step 1", 10, 1.0)};
  all[1].evaluation.seeds[0].outcome = Outcome::diverged;
  EXPECT_EQ(choose(all, 50, Goal::bytes).chosen, 0U);
  EXPECT_LT(all[1].evaluation.score(), all[0].evaluation.score());
  EXPECT_TRUE(std::isinf(all[1].evaluation.value()));
}

// Half the error is ln 2 of the squared one's root, whatever the model's scale.
TEST_F(SearchOfErrors, LooksAreComparedByTheLogarithmOfTheLoss) {
  Evaluation e;
  e.request.schedule.task = Task::reconstruct;
  e.seeds.resize(2);
  e.seeds[0].judged_loss = 4000.0;
  e.seeds[1].judged_loss = 1000.0;
  const std::vector<double> nats = losses_by_fold(e);
  EXPECT_NEAR(nats[0] - nats[1], std::log(2.0), 1e-4);
  e.seeds[1].judged_loss = 0.0;
  EXPECT_TRUE(std::isfinite(losses_by_fold(e)[1])) << "an output that is right to the step";
}

TEST_F(SearchOfErrors, TheLastLayerStandsForTheClassifier) {
  const Network& network = anomaly_.network;
  const Schedule schedule = last_layer_schedule(network, {});
  ASSERT_EQ(schedule.update.size(), 1U);
  EXPECT_EQ(schedule.update[0].op, network.convolution_count() - 1);
  EXPECT_EQ(schedule.task, Task::reconstruct);
  for (const int32_t op : search_space(network, {}, {}).weights) EXPECT_LT(op, head_op(network));
}

TEST_F(SearchOfErrors, AnAutoencoderIsJudgedByItsAnomalies) {
  const testing::TemporaryFolder folder;
  TrialRecord record(folder.path / "trials.jsonl", "digest");
  testing::LocalEvaluator evaluator(anomaly_.problem, record);
  const SearchResult result = search(evaluator, quick_options(), [](const std::string&) {});
  const Evaluation& on_test = result.comparison[0].evaluation;
  EXPECT_EQ(result.contenders[0].evaluation.metric(), MetricKind::mean_squared_error);
  ASSERT_EQ(on_test.metric(), MetricKind::area_under_curve);
  EXPECT_GT(on_test.value(), 0.8);
  ASSERT_TRUE(result.as_it_is);
  EXPECT_GT(on_test.value(), result.as_it_is->value) << "what the model does before training";
  EXPECT_EQ(result.schedule.promise->metric, MetricKind::area_under_curve);
  for (const TraceStep& step : result.trace.steps) EXPECT_GE(step.evaluation.value(), result.trace.reference);

  write_run_directory(folder.path, evaluator, record.evaluations(), result, quick_options());
  record.finish();
  const std::vector<TrialRow> rows = read_trials(folder.path / "trials.jsonl");
  ASSERT_EQ(rows.size(), record.evaluations().size());
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(rows[i].evaluation.score(), record.evaluations()[i].score());
  const nlohmann::json comparison = read_json_file(folder.path / "comparison.json");
  const auto bytes = read_file(folder.path / "predictions.bin", 1 << 20);
  const Comparison read = read_comparison(JsonView(comparison, "comparison.json"), bytes);
  EXPECT_EQ(read.rows[0].value, on_test.value());
  ASSERT_EQ(read.rows[0].predictions.size(), 2U);
  EXPECT_EQ(read.rows[0].predictions[1].errors[7], static_cast<float>(on_test.seeds[1].errors[7]));
  EXPECT_EQ(std::count(read.labels.begin(), read.labels.end(), 1), 60);
}

}  // namespace
}  // namespace thaw
