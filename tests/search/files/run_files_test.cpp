// Every file of a run directory: what was read and is written again is the same file, byte for byte.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "search/files/comparison_file.h"
#include "search/files/contributions_file.h"
#include "search/files/curve_file.h"
#include "search/files/pareto_file.h"
#include "search/files/run_file.h"
#include "search/files/trial_file.h"
#include "sim/base/json.h"

namespace thaw {
namespace {

LayerUpdate layer(int32_t op, const std::string& name, UpdatedWeights weights) {
  LayerUpdate update;
  update.op = op;
  update.layer = name;
  update.bias = true;
  update.weights = weights;
  if (weights == UpdatedWeights::channels) update.channels = {0, 2, 5};
  return update;
}

/// Trained with two seeds, the second of which may have diverged.
Evaluation example_evaluation(int32_t number, Outcome second) {
  Evaluation e;
  e.number = number;
  e.request.role = "look: without weights of b7.pw1";
  e.request.kind = TrialKind::look;
  e.request.frozen = {12, "b7.pw1", FrozenTensors::What::weights};
  e.request.fidelity = {"look", 2, 0.25};
  e.request.seeds = {3, 4};
  e.request.schedule.model_file = "m.tflite";
  e.request.schedule.model_sha256 = std::string(64, 'a');
  e.request.schedule.classes = 10;
  e.request.schedule.input = {1, 28, 28, 1};
  e.request.schedule.update = {layer(8, "b5.pw", UpdatedWeights::none),
                               layer(12, "b7.pw1", UpdatedWeights::channels),
                               layer(20, "classifier", UpdatedWeights::all)};
  e.seeds = {{3,
              Outcome::ok,
              0.71,
              0.9,
              1.1,
              "ab12",
              {1, 0, 9},
              {{1, 1.7, 0.4, {}, {}}, {2, 1.3, 0.6, {}, {}}},
              {},
              0.0,
              {}},
             {4, second, 0.69, 1.25, 1.5, "cd34", {1, 1, 9}, {}, {}, 0.0, {}}};
  e.ram_bytes = 61'440;
  e.flash_bytes = 200'000;
  e.macs_per_step = 3'000'000;
  return e;
}

template <typename Read>
auto read_text(const std::string& text, Read read) {
  const nlohmann::json document = parse_json(text, "file");
  return read(JsonView(document, "file"));
}

TEST(RunFormats, TrialsAreWrittenAsTheyWereRead) {
  for (const Outcome second : {Outcome::ok, Outcome::diverged})
    for (const bool over_budget : {false, true})
      for (const MeasuredOn on : {MeasuredOn::validation, MeasuredOn::test}) {
        TrialRow row{"key", "run", example_evaluation(7, second)};
        row.evaluation.over_budget = over_budget;
        row.evaluation.request.measured_on = on;
        const std::string line = trial_line(row);
        EXPECT_EQ(trial_line(read_text(line, read_trial)), line);
      }
}

TEST(RunFormats, EveryPurposeOfATrialIsRead) {
  for (const TrialKind kind :
       {TrialKind::look, TrialKind::rate, TrialKind::confirm, TrialKind::baseline, TrialKind::test}) {
    TrialRow row{"key", "run", example_evaluation(1, Outcome::ok)};
    row.evaluation.request.kind = kind;
    row.evaluation.request.frozen.reset();
    const TrialRow back = read_text(trial_line(row), read_trial);
    EXPECT_EQ(back.evaluation.request.kind, kind);
    EXPECT_FALSE(back.evaluation.request.frozen);
  }
  TrialRow row{"key", "run", example_evaluation(1, Outcome::ok)};
  row.evaluation.request.frozen->what = FrozenTensors::What::layers_before;
  const TrialRow back = read_text(trial_line(row), read_trial);
  EXPECT_EQ(back.evaluation.request.frozen, row.evaluation.request.frozen);
}

TEST(RunFormats, TheCurveIsWrittenAsItWasRead) {
  FreezingCurve curve{1.5, 0.8, 1, "accuracy falls", {}};
  curve.points.push_back({measured(example_evaluation(1, Outcome::ok)), "start", true});
  curve.points.push_back({measured(example_evaluation(2, Outcome::diverged)), "weights of b7.pw1", false});
  for (const std::optional<size_t> chosen : {std::optional<size_t>(1), std::optional<size_t>()}) {
    curve.chosen = chosen;
    const std::string text = write_curve(curve);
    const FreezingCurve back = read_text(text, read_curve);
    EXPECT_EQ(back.chosen, chosen);
    EXPECT_EQ(write_curve(back), text);
  }
}

TEST(RunFormats, TheParetoFrontIsWrittenAsItWasRead) {
  const std::string text = write_pareto({{measured(example_evaluation(1, Outcome::ok)), "confirm"},
                                         {measured(example_evaluation(5, Outcome::ok)), "baseline"}});
  EXPECT_EQ(write_pareto(read_text(text, read_pareto)), text);
}

TEST(RunFormats, ContributionsAreWrittenAsTheyWereRead) {
  const ContributionsFile contributions{
      0.00156,
      12,
      0.9,
      {{12, "b7.pw1", "chosen", {0.1, 0.02}, {{2, {0.01, 0.02}}, {8, {0.03, 0.02}}}, 9'000, 40'000},
       {14, "b8.pw1", "does not fit alone", {0.1, 0.02}, {}, -12, 0}}};
  const std::string text = write_contributions(contributions);
  const ContributionsFile back = read_text(text, read_contributions);
  EXPECT_EQ(back.layers[0].whole().nats, 0.03);
  EXPECT_EQ(back.layers[1].whole().nats, 0.0);
  EXPECT_EQ(write_contributions(back), text);
}

/// Three samples, two rows of different numbers of seeds, and the model as shipped.
Comparison example_comparison() {
  Comparison comparison;
  comparison.samples = 3;
  comparison.choice = "most accurate";
  comparison.gained = false;
  comparison.labels = {1, 0, 200};
  comparison.rows.push_back({measured(example_evaluation(9, Outcome::ok)),
                             "chosen",
                             0.6,
                             0.8,
                             OnValidation{4, MetricKind::accuracy, 0.72, 5},
                             true,
                             AgainstChosen{0.0, 0.0, 0.0, false},
                             {{3, {1, 1, 200}}, {4, {0, 0, 200}}}});
  comparison.rows.push_back({measured(example_evaluation(10, Outcome::ok)),
                             "start",
                             0.5,
                             0.7,
                             {},
                             false,
                             AgainstChosen{-0.1, -0.2, 0.0, false},
                             {{3, {1, 2, 3}}}});
  comparison.as_it_is = ShippedRow{MetricKind::accuracy,      0.5,        0.4, 0.6, 30'000, 90'000, 1'000,
                                   {-0.2, -0.3, -0.1, false}, {9, 9, 200}};
  return comparison;
}

TEST(RunFormats, TheComparisonAndItsPredictionsAreWrittenAsTheyWereRead) {
  const ComparisonFiles files = write_comparison(example_comparison());
  EXPECT_EQ(files.predictions_bin.size(), 3U * 5U);
  const Comparison back = read_text(files.comparison_json, [&](const JsonView& view) {
    return read_comparison(view, files.predictions_bin);
  });
  EXPECT_EQ(back.rows[1].predictions[0].classes, (std::vector<uint8_t>{1, 2, 3}));
  const ComparisonFiles again = write_comparison(back);
  EXPECT_EQ(again.comparison_json, files.comparison_json);
  EXPECT_EQ(again.predictions_bin, files.predictions_bin);
}

// Of a metric that is not accuracy: one run of two has diverged and has no value.
TEST(RunFormats, ErrorsAreWrittenAsTheyWereRead) {
  Evaluation e = example_evaluation(9, Outcome::ok);
  for (SeedResult& seed : e.seeds) {
    seed.metric = MetricKind::mean_absolute_error;
    seed.value = 0.25;
    seed.errors = {0.125, 0.25, 0.375};
    seed.predictions.clear();
  }
  Evaluation wild = e;
  wild.seeds[1].outcome = Outcome::diverged;
  const std::string curve =
      write_curve({1.0, 0.25, 0, "enough", {{measured(e), "start", true}, {measured(wild), "step", false}}});
  EXPECT_EQ(write_curve(read_text(curve, read_curve)), curve);
  EXPECT_EQ(curve.find("accuracy"), std::string::npos);
  const std::string line = trial_line({"key", "run", e});
  EXPECT_EQ(trial_line(read_text(line, read_trial)), line);
  Comparison comparison = example_comparison();
  comparison.rows.resize(1);
  comparison.as_it_is.reset();
  comparison.labels = {0, 1, 0};
  static_cast<Measured&>(comparison.rows[0]) = measured(e);
  comparison.rows[0].validation = OnValidation{4, MetricKind::mean_absolute_error, 0.3, 5};
  comparison.rows[0].against_chosen = AgainstChosen{-7.5, -9.0, -6.0, true};
  comparison.rows[0].predictions = {{3, {}, {0.125F, 0.25F, 0.375F}}};
  const ComparisonFiles files = write_comparison(comparison);
  EXPECT_EQ(files.predictions_bin.size(), 3U + 3U * sizeof(float));
  const Comparison back = read_text(files.comparison_json, [&](const JsonView& view) {
    return read_comparison(view, files.predictions_bin);
  });
  EXPECT_EQ(back.rows[0].predictions[0].errors, comparison.rows[0].predictions[0].errors);
  EXPECT_EQ(write_comparison(back).comparison_json, files.comparison_json);
}

TEST(RunFormats, TheComparisonIsReadWithoutItsPredictions) {
  const ComparisonFiles files = write_comparison(example_comparison());
  const Comparison back = read_text(
      files.comparison_json, [&](const JsonView& view) { return read_comparison(view, std::nullopt); });
  EXPECT_TRUE(back.labels.empty());
  EXPECT_TRUE(back.rows[0].predictions.empty());
  EXPECT_EQ(back.rows[0].validation->trial, 4);
}

RunFile example_run() {
  RunFile run;
  run.thaw = "1.2";
  run.command = {"thaw", "train", "m.tflite"};
  run.machine = {"a processor", 2, "Linux", "12.2", "Release"};
  run.model_file = "m.tflite";
  run.model_sha256 = std::string(64, 'a');
  run.data = {"clothes", "npz", std::string(64, 'b'), {"shirt", "shoe"}, 40, 20, {"cut"}, {}};
  return run;
}

void expect_run_written_as_read(const RunFile& run) {
  const std::string text = json_text(run_json(run));
  EXPECT_EQ(json_text(run_json(read_text(text, read_run_file))), text);
}

TEST(RunFormats, ASearchsRunIsWrittenAsItWasRead) {
  RunFile run = example_run();
  run.data.normalisation = {{0.5, 1.5}, {1.0, 2.0}, 0.03125, -4};
  run.search = SearchFacts{Task::classify,      "peak", "cortex-m4-192k", 30, 10, true, false, 17, 2,
                           {"thaw report out"}, 12.5};
  expect_run_written_as_read(run);
}

TEST(RunFormats, ATrainingRunIsWrittenAsItWasRead) {
  RunFile run = example_run();
  run.train.emplace();
  run.train->schedule_file = "schedule.json";
  run.train->replay = {8, 4096};
  RunSeed& seed = run.train->seeds.emplace_back();
  seed.outcome = Outcome::diverged;
  seed.epochs = {{1, 1.75, 0.5, 0.25, {}}, {2, 1.5, 0.75, {}, {}}};
  seed.accuracy = {0.5, {0.25, 0.75}};
  seed.clipped_values = 3;
  run.train->accuracy = seed.accuracy;
  expect_run_written_as_read(run);
}

TEST(RunFormats, ARunOfAnotherTaskIsWrittenAsItWasRead) {
  RunFile run = example_run();
  run.train.emplace();
  run.train->task = Task::reconstruct;
  RunSeed& seed = run.train->seeds.emplace_back();
  seed.epochs = {{1, 0.75, 0.0, {}, 0.5}};
  seed.metrics = {{{"mean squared error", false, 0.5, 0.25, 0.75}, {"area under the curve", true, 1, 1, 1}},
                  RunMetrics::Threshold{1234, 0.95}};
  expect_run_written_as_read(run);
}

}  // namespace
}  // namespace thaw
