#include "search/training_evaluator.h"

#include <algorithm>
#include <map>
#include <utility>

#include "memmodel/device_plan.h"
#include "search/expected_work.h"
#include "search/files/trial_file.h"
#include "sim/train/output_metrics.h"

namespace thaw {
namespace {

void set_memory(const MemoryTotals& needed, Evaluation& evaluation) {
  evaluation.ram_bytes = needed.ram.required;
  evaluation.flash_bytes = needed.flash.required;
  evaluation.macs_per_step = needed.macs_per_step();
  evaluation.instructions_per_step = needed.work.required;
  evaluation.over_budget = !needed.fits();
}

/// The part of a run's result that an evaluation of this kind has.
SeedResult kept(SeedResult result, const EvaluationRequest& request) {
  if (!request.fidelity.full()) {
    result.predictions.clear();
    result.errors.clear();
  }
  if (request.measured_on != MeasuredOn::test) result.epochs.clear();
  return result;
}

/// Of every judged sample: on test a list a seed, on validation the folds one after another in one list.
ValuesBySeed errors_of(const Evaluation& evaluation) {
  ValuesBySeed errors;
  for (const SeedResult& seed : evaluation.seeds) {
    if (errors.empty() || evaluation.request.measured_on == MeasuredOn::test) errors.emplace_back();
    errors.back().insert(errors.back().end(), seed.errors.begin(), seed.errors.end());
  }
  return errors;
}

}  // namespace

TrainingEvaluator::TrainingEvaluator(const SearchProblem& problem, TrialRecord& record, Store& store,
                                     RunTrainer& trainer)
    : problem_(problem), record_(record), store_(store), trainer_(trainer) {}

MemoryTotals TrainingEvaluator::memory(const Schedule& schedule) const {
  return device_training_plan(*problem_.network, problem_.on_device(schedule), problem_.board).totals;
}

CorrectBySeed TrainingEvaluator::correct(const Evaluation& evaluation) const {
  CorrectBySeed result;
  if (evaluation.request.measured_on == MeasuredOn::test) {
    for (const SeedResult& s : evaluation.seeds) {
      std::vector<bool>& right = result.emplace_back();
      for (size_t i = 0; i < s.predictions.size(); ++i)
        right.push_back(s.predictions[i] == problem_.test->labels[i]);
    }
    return result;
  }
  std::vector<bool>& right = result.emplace_back();
  for (size_t seed = 0; seed < evaluation.seeds.size(); ++seed) {
    const std::vector<int32_t>& predictions = evaluation.seeds[seed].predictions;
    for (size_t i = 0; i < predictions.size(); ++i)
      right.push_back(predictions[i] ==
                      problem_.train->labels[problem_.folds[seed % problem_.folds.size()].validation[i]]);
  }
  return result;
}

PairedDifference TrainingEvaluator::difference(const Evaluation& a, const Evaluation& b) const {
  switch (a.metric()) {
    case MetricKind::accuracy:
      return Evaluator::difference(a, b);
    case MetricKind::area_under_curve:
      return area_difference(errors_of(a), errors_of(b),
                             anomalous_samples(problem_.train->labels, problem_.test->labels));
    case MetricKind::mean_absolute_error:
    case MetricKind::mean_squared_error:
      break;
  }
  return paired_difference(errors_of(b), errors_of(a));  // the smaller error is the better one
}

/// The evaluations of one call, filled run by run; a run that several of them need is trained once.
struct TrainingEvaluator::Batch {
  struct Place {
    size_t request, seed;
  };
  struct Run {
    TrainingRun run;
    std::string question;
    double macs = 0.0;
    std::vector<Place> places;  // where its result goes
  };

  std::vector<Evaluation> results;
  std::vector<size_t> left;  // runs of each request still to come
  std::vector<Run> runs;     // to be trained
  size_t recorded = 0;       // requests, in their order
  size_t finished = 0;       // requests, in any order

  void take(const SeedResult& result, const Place& place) {
    Evaluation& evaluation = results[place.request];
    evaluation.seeds[place.seed] = kept(result, evaluation.request);
    --left[place.request];
  }
};

TrainingEvaluator::Batch TrainingEvaluator::prepare(const std::vector<EvaluationRequest>& requests) {
  Batch batch;
  batch.results.resize(requests.size());
  std::map<std::string, size_t> asked;  // places in batch.runs by question
  for (size_t i = 0; i < requests.size(); ++i) {
    Evaluation& result = batch.results[i];
    result.request = requests[i];
    result.seeds.resize(requests[i].seeds.size());
    batch.left.push_back(result.seeds.size());
    const MemoryTotals needed = memory(requests[i].schedule);  // planned, never remembered
    set_memory(needed, result);
    for (size_t seed = 0; seed < result.seeds.size(); ++seed) {
      const TrainingRun run = training_run(requests[i], seed, problem_);
      std::string question = question_of(run, problem_);
      const double macs = run_work(problem_, needed, run);
      if (const auto answer = store_.find(question)) {
        batch.take(read_seed_text(*answer, "store"), {i, seed});
        ++work_.known;
        work_.macs_known += macs;
        continue;
      }
      const auto [place, is_new] = asked.try_emplace(question, batch.runs.size());
      if (is_new) batch.runs.push_back({run, std::move(question), macs, {}});
      batch.runs[place->second].places.push_back({i, seed});
    }
    if (batch.left[i] == 0) ++batch.finished;
  }
  return batch;
}

void TrainingEvaluator::record_finished(Batch& batch) {
  for (; batch.recorded < batch.results.size() && batch.left[batch.recorded] == 0; ++batch.recorded)
    record_.add(batch.results[batch.recorded]);
}

std::vector<Evaluation> TrainingEvaluator::evaluate(const std::vector<EvaluationRequest>& requests) {
  Batch batch = prepare(requests);
  record_finished(batch);
  std::vector<TrainingRun> runs;
  for (const Batch::Run& one : batch.runs) runs.push_back(one.run);
  double longest = 0.0;
  trainer_.train(runs, cancelled, [&](size_t run, const SeedResult& trained, double seconds) {
    const Batch::Run& one = batch.runs[run];
    const std::string answer = seed_text(trained);
    store_.add(one.question, answer);
    ++work_.trained;
    work_.seconds += seconds;
    work_.macs_trained += one.macs;
    longest = std::max(longest, seconds);
    const SeedResult result = read_seed_text(answer, "store");  // the same as when it comes from there
    for (const Batch::Place& place : one.places) {
      batch.take(result, place);
      if (batch.left[place.request] > 0) continue;
      ++batch.finished;
      record_finished(batch);
      if (progress) progress(batch.results[place.request], batch.finished, requests.size());
    }
  });
  work_.longest += longest;
  return std::move(batch.results);
}

}  // namespace thaw
