// The whole search on a small problem: same bytes for any number of jobs, after a kill, and within the
// budget.
#include "search/search.h"
#include "search/training_evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "search/run_directory.h"
#include "search/schedules.h"
#include "sim/base/error.h"
#include "tests/search/small_problem.h"
#include "tests/support/json_schema.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kRam = 80 * 1024;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

fs::path fresh_folder(const std::string& name) {
  const fs::path folder = fs::path(::testing::TempDir()) / ("thaw_search_" + name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

SearchOptions small_options() {
  SearchOptions options;
  options.strategy = "freeze";
  options.goal = Goal::bytes;
  options.epochs = 2;
  options.seeds = 1;
  options.learning_rate = 0.003;
  options.threshold_points = 5.0;
  return options;
}

struct Found {
  SearchResult result;
  std::vector<Evaluation> trials;
};

/// Searches into a folder; `kill_after` evaluations the search is cancelled (0: never).
Found search_into(const fs::path& folder, int32_t jobs, size_t kill_after = 0) {
  testing::SmallProblem small(kRam);
  small.problem.jobs = jobs;
  TrialRecord record(folder / "trials.jsonl", "digest");
  testing::LocalEvaluator evaluator(small.problem, record, folder / "trials.sqlite");
  if (kill_after > 0) evaluator.cancelled = [&] { return record.evaluations().size() >= kill_after; };
  Found found;
  found.result = search(evaluator, small_options(), [](const std::string&) {});
  write_run_directory(folder, evaluator, record.evaluations(), found.result, small_options());
  record.finish();
  found.trials = record.evaluations();
  return found;
}

fs::path shared_folder() {
  static const fs::path folder = fresh_folder("shared");
  return folder;
}

/// One search that several tests look at.
const Found& shared_search() {
  static const Found found = search_into(shared_folder(), 2);
  return found;
}

void expect_same_files(const fs::path& a, const fs::path& b) {
  for (const char* name : {"schedule.json", "trials.jsonl", "curve.json", "pareto.json", "comparison.json",
                           "predictions.bin", "plan.json"}) {
    EXPECT_FALSE(text_of(a / name).empty()) << name;
    EXPECT_EQ(text_of(a / name), text_of(b / name)) << name;
  }
}

TEST(SearchDeterminismSlow, FilesAreTheSameForOneJobAndTwoAndTwiceInARow) {
  const fs::path one = fresh_folder("one"), again = fresh_folder("again");
  shared_search();
  search_into(one, 1);
  search_into(again, 2);
  expect_same_files(one, shared_folder());
  expect_same_files(again, shared_folder());
}

TEST(SearchDeterminismSlow, AnInterruptedSearchGoesOnToTheSameFiles) {
  const fs::path resumed = fresh_folder("resumed");
  shared_search();
  EXPECT_THROW(search_into(resumed, 2, 5), Error);
  EXPECT_THROW(search_into(resumed, 1, 20), Error);
  // A line that a power cut left half written is dropped.
  std::ofstream(resumed / "trials.jsonl", std::ios::app) << "{\"schema_version\":1,\"num";
  search_into(resumed, 2);
  expect_same_files(shared_folder(), resumed);
}

TEST(SearchSlow, TheCurveShrinksWithinTheBudgetUntilItSurelyFalls) {
  const Found& found = shared_search();
  const std::vector<TraceStep>& curve = found.result.trace.steps;
  for (const TraceStep& step : curve) EXPECT_LE(step.evaluation.ram_bytes, kRam) << step.frozen;
  for (size_t i = 1; i < curve.size(); ++i)
    EXPECT_LT(curve[i].evaluation.ram_bytes, curve[i - 1].evaluation.ram_bytes) << curve[i].frozen;
  double best = 0.0;
  for (const TraceStep& step : curve) {
    best = std::max(best, step.evaluation.value());
    EXPECT_EQ(step.holds, step.evaluation.value() >= best - small_options().threshold_points / 100.0);
  }
  EXPECT_EQ(found.result.trace.reference, best);
  if (!found.result.trace.stop_reason.starts_with("nothing is left")) {
    EXPECT_FALSE(curve.back().holds);
  }
}

TEST(SearchSlow, ByContributionsFindsWhatFitsAndExplainsEveryLayer) {
  testing::SmallProblem small(kRam);
  TrialRecord record("", "digest");
  testing::LocalEvaluator evaluator(small.problem, record);
  SearchOptions options = small_options();
  options.strategy = "peak";
  options.goal = Goal::accuracy;
  options.pinned = {"b7.pw2"};
  options.forbidden = {"b6.pw1"};
  const double expected = expected_work(evaluator, options);
  const SearchResult found = search(evaluator, options, [](const std::string&) {});
  EXPECT_LE(found.schedule.promise->ram_bytes, kRam);
  const double done = evaluator.work().macs_trained + evaluator.work().macs_known;
  EXPECT_GT(done, expected / 2);
  EXPECT_LT(done, expected * 2);
  for (const TraceStep& step : found.trace.steps) {
    const Schedule& schedule = step.evaluation.request.schedule;
    EXPECT_LE(step.evaluation.ram_bytes, kRam);
    EXPECT_EQ(schedule.find(24)->weights, UpdatedWeights::all) << "pinned";
    EXPECT_TRUE(schedule.find(19) == nullptr || schedule.find(19)->weights == UpdatedWeights::none)
        << "forbidden";
  }
  ASSERT_EQ(found.reasons.size(), 25U);
  EXPECT_EQ(found.reasons[24].verdict, "pinned");
  EXPECT_NE(found.reasons[19].verdict.find("forbidden"), std::string::npos);
}

TEST(SearchSlow, NothingInTheTableIsAtLeastAsGoodInAtMostTheBytes) {
  const Found& found = shared_search();
  const std::vector<ComparisonRow>& rows = found.result.comparison;
  ASSERT_EQ(rows[0].name, "chosen");
  ASSERT_EQ(rows[2].name, "last layer only");
  EXPECT_TRUE(rows[0].is_chosen);
  EXPECT_LE(rows[0].evaluation.ram_bytes, kRam);
  for (const ComparisonRow& row : rows) {
    if (row.is_chosen || row.evaluation.over_budget) continue;
    ASSERT_TRUE(row.on_validation.has_value()) << row.name;
    EXPECT_EQ(row.on_validation->seeds.size(), rows[0].on_validation->seeds.size()) << row.name;
    EXPECT_FALSE(row.on_validation->value() >= rows[0].on_validation->value() &&
                 row.evaluation.ram_bytes <= rows[0].evaluation.ram_bytes)
        << row.name;
  }
  EXPECT_EQ(found.result.schedule.promise->ram_bytes, rows[0].evaluation.ram_bytes);
}

TEST(SearchSlow, BaselinesStandOnTheParetoFront) {
  const Found& found = shared_search();
  const std::vector<Evaluation> front = pareto_front(found.trials);
  ASSERT_FALSE(front.empty());
  EXPECT_EQ(front[0].request.role, "last layer only") << "nothing is smaller";
}

TEST(SearchSlow, WhereLabelsAreChanceTheSmallestScheduleIsTheAnswer) {
  for (const uint32_t seed : {1U, 2U, 3U}) {
    testing::SmallProblem small(kRam);
    for (size_t i = 0; i < small.train.labels.size(); ++i)
      small.train.labels[i] =
          static_cast<int32_t>(random_word(random_key(seed, 99, 0), static_cast<uint32_t>(i)) % 4);
    small.problem.folds = validation_folds(small.train.labels, 5, seed);
    small.problem.jobs = 2;
    TrialRecord record("", "digest");
    testing::LocalEvaluator evaluator(small.problem, record);
    SearchOptions options = small_options();
    options.seed = seed;
    const SearchResult result = search(evaluator, options, [](const std::string&) {});
    EXPECT_FALSE(result.choice.gained);
    EXPECT_EQ(result.schedule.update.size(), 1U) << "more than the classifier";
    EXPECT_THAT(result.choice.reason, ::testing::HasSubstr("smallest"));
  }
}

TEST(SearchSlow, FilesHoldToTheirSchemas) {
  shared_search();
  const fs::path folder = shared_folder();
  const auto faults = [](const std::string& schema, const nlohmann::json& document) {
    const fs::path file = fs::path(testing::source_folder()) / "configs/schema" / (schema + ".schema.json");
    const nlohmann::json rules = nlohmann::json::parse(text_of(file));
    return testing::SchemaCheck(rules).faults(document);
  };
  for (const char* name : {"curve", "pareto", "comparison", "schedule"})
    EXPECT_THAT(faults(name, nlohmann::json::parse(text_of(folder / (std::string(name) + ".json")))),
                ::testing::IsEmpty())
        << name;
  std::istringstream trials(text_of(folder / "trials.jsonl"));
  for (std::string line; std::getline(trials, line);)
    EXPECT_THAT(faults("trial", nlohmann::json::parse(line)), ::testing::IsEmpty());
}

TEST(SearchSlow, TheTestSplitIsNotReadBeforeTheEnd) {
  const Found& found = shared_search();
  bool reading_test = false;
  for (const Evaluation& e : found.trials) {
    if (e.request.measured_on == MeasuredOn::test) reading_test = true;
    EXPECT_EQ(e.request.measured_on == MeasuredOn::test, reading_test) << e.request.role;
  }
  EXPECT_TRUE(reading_test);
}

TEST(SearchSlow, ADivergingCandidateIsStoppedEarlyAndMarked) {
  const fs::path folder = fresh_folder("diverging");
  testing::SmallProblem small(1 << 20);
  EvaluationRequest request;
  request.role = "absurd rate";
  request.schedule = last_layers_schedule(small.network, {}, first_trainable_convolution(small.network));
  request.schedule.training.learning_rate = 100.0;
  request.fidelity = {"full", 200, 1.0};
  TrialRecord record(folder / "trials.jsonl", "digest");
  testing::LocalEvaluator evaluator(small.problem, record);
  int64_t asked = 0;  // once in 64 samples
  evaluator.cancelled = [&] { return ++asked < 0; };
  const Evaluation e = evaluator.evaluate(request);
  EXPECT_TRUE(e.diverged());
  EXPECT_EQ(e.value(), 0.0) << "it must never win";
  EXPECT_LT(64 * asked, 200 * 96) << "it trained to the end";
  EXPECT_NE(text_of(folder / "trials.jsonl").find("\"outcome\":\"diverged\""), std::string::npos);
}

TEST(Search, ABoardTooSmallForTheClassifierIsRefusedWithTheBytes) {
  testing::SmallProblem small(8 * 1024);
  TrialRecord record("", "digest");
  testing::LocalEvaluator evaluator(small.problem, record);
  try {
    search(evaluator, small_options(), [](const std::string&) {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("bytes of RAM"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("8192"), std::string::npos) << error.what();
  }
}

TEST(TrialRecordTest, RowsOfAnotherRunAreRefused) {
  const fs::path folder = fresh_folder("other");
  testing::SmallProblem small(kRam);
  const Schedule schedule = last_layer_schedule(small.network, {});
  {
    TrialRecord record(folder / "trials.jsonl", "one");
    testing::LocalEvaluator evaluator(small.problem, record);
    EvaluationRequest request;
    request.schedule = schedule;
    request.fidelity.epochs = 1;
    request.fidelity.samples = 0.1;
    evaluator.evaluate(request);
  }
  EXPECT_NO_THROW(TrialRecord(folder / "trials.jsonl", "one"));
  EXPECT_THROW(TrialRecord(folder / "trials.jsonl", "two"), Error);
}

TEST(ParetoFront, KeepsWhatNothingElseBeats) {
  const auto point = [](int64_t ram, double accuracy, const char* fidelity) {
    Evaluation e;
    e.request.fidelity = {fidelity, 1, 1.0};
    e.ram_bytes = ram;
    e.seeds.resize(1);
    e.seeds[0].accuracy = accuracy;
    return e;
  };
  const std::vector<Evaluation> front =
      pareto_front({point(300, 0.8, "full"), point(100, 0.5, "full"), point(200, 0.5, "full"),
                    point(50, 0.9, "look"), point(250, 0.85, "full")});
  ASSERT_EQ(front.size(), 2U);
  EXPECT_EQ(front[0].ram_bytes, 100);
  EXPECT_EQ(front[1].ram_bytes, 250);
}

TEST(ParetoFront, LeavesOutWhatDoesNotFitDivergedOrIsOfTheTestSplit) {
  Evaluation too_large, diverged, tested, fits;
  for (Evaluation* e : {&too_large, &diverged, &tested, &fits}) {
    e->request.fidelity = {"full", 1, 1.0};
    e->ram_bytes = 100;
    e->seeds.resize(1);
    e->seeds[0].accuracy = 0.9;
  }
  too_large.over_budget = true;
  diverged.seeds[0].outcome = Outcome::diverged;
  tested.request.measured_on = MeasuredOn::test;
  fits.seeds[0].accuracy = 0.2;
  const std::vector<Evaluation> front = pareto_front({too_large, diverged, tested, fits});
  ASSERT_EQ(front.size(), 1U);
  EXPECT_EQ(front[0].value(), 0.2);
}

}  // namespace
}  // namespace thaw
