#include "search/training_run.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "sim/base/sha256.h"
#include "sim/plan/schedule_json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

std::string digest(const std::vector<uint32_t>& places) {
  return sha256_hex(std::as_bytes(std::span(places)));
}

/// Without what is only said about it: the name of the model's file, what was promised, who found it.
Json bare_schedule(Schedule schedule) {
  schedule.model_file.clear();
  schedule.promise.reset();
  schedule.provenance.reset();
  return Json::parse(write_schedule(schedule));
}

}  // namespace

TrainingRun training_run(const EvaluationRequest& request, size_t seed, const SearchProblem& problem) {
  TrainingRun run;
  run.schedule = request.schedule;
  run.schedule.training = with_epochs(run.schedule.training, request.fidelity.epochs);
  run.schedule.training.seed = request.seeds[seed];
  run.measured_on = request.measured_on;
  if (run.measured_on == MeasuredOn::test) return run;
  run.samples = request.fidelity.samples;
  run.fold = seed % problem.folds.size();
  return run;
}

std::vector<uint32_t> training_places(const TrainingRun& run, const SearchProblem& problem) {
  if (run.measured_on == MeasuredOn::test) return {};
  std::vector<uint32_t> places = problem.folds[run.fold].train;
  const auto count = static_cast<double>(places.size()) * run.samples;
  places.resize(std::max<size_t>(1, static_cast<size_t>(count)));
  return places;
}

std::string question_of(const TrainingRun& run, const SearchProblem& problem) {
  const bool on_test = run.measured_on == MeasuredOn::test;
  const Json json = {
      {"thaw", problem.version},
      {"data", problem.data_sha256},
      {"train_samples", problem.train->count},
      {"test_samples", problem.test->count},
      {"trained_on", on_test ? "train" : digest(training_places(run, problem))},
      {"judged_on", on_test ? "test" : digest(problem.folds[run.fold].validation)},
      {"fresh_classifier", problem.network->classifier.fresh},
      {"model", problem.network->graph.sha256},
      {"schedule", bare_schedule(run.schedule)},
  };
  return json.dump();
}

}  // namespace thaw
