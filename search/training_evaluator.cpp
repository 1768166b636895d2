#include "search/training_evaluator.h"

#include <algorithm>
#include <cassert>
#include <mutex>
#include <string>
#include <utility>

#include "memmodel/device_plan.h"
#include "sim/base/error.h"
#include "sim/base/parallel.h"

namespace thaw {
namespace {

// Cached activations beyond this are dropped between batches, earliest cut first, unless just used.
constexpr int64_t kMostCachedBytes = int64_t{640} << 20;

void set_memory(const MemoryTotals& needed, Evaluation& evaluation) {
  evaluation.ram_bytes = needed.ram.required;
  evaluation.flash_bytes = needed.flash.required;
  evaluation.macs_per_step = needed.macs_per_step();
  evaluation.over_budget = !needed.fits();
}

}  // namespace

TrainingEvaluator::TrainingEvaluator(const SearchProblem& problem, TrialRecord& record)
    : problem_(problem), record_(record) {}

MemoryTotals TrainingEvaluator::memory(const Schedule& schedule) const {
  return device_training_plan(*problem_.network, schedule, problem_.board).totals;
}

/// The latest cut at or before the layer whose activations are no larger than the images themselves: early
/// layers of image networks are wider than their input, and computing them again is cheaper than keeping
/// them.
size_t TrainingEvaluator::cheapest_cut(size_t layer) const {
  const int64_t image = problem_.train->sample_bytes();
  while (layer > 0 && empty_prefix_cache(*problem_.network, layer, 0, false).sample_bytes > image) --layer;
  return layer;
}

const TrainingEvaluator::Caches& TrainingEvaluator::caches_before(size_t layer) {
  auto& found = caches_[layer];
  if (found) return *found;
  const Caches* from = nullptr;
  for (const auto& [cut, caches] : caches_)
    if (cut < layer && caches) from = caches.get();
  found = std::make_unique<Caches>();
  const Network& network = *problem_.network;
  const int32_t threads = problem_.jobs;
  if (from != nullptr) {
    found->train = advance_prefix(network, layer, from->train, threads);
    found->test = advance_prefix(network, layer, from->test, threads);
  } else {
    found->train = cache_prefix(network, layer, *problem_.train, problem_.mirror, threads);
    found->test = cache_prefix(network, layer, *problem_.test, false, threads);
  }
  return *found;
}

void TrainingEvaluator::drop_caches(const std::set<const Caches*>& keep) {
  int64_t bytes = 0;
  for (const auto& [cut, caches] : caches_) bytes += caches->train.total_bytes() + caches->test.total_bytes();
  for (auto it = caches_.begin(); it != caches_.end() && bytes > kMostCachedBytes;) {
    if (keep.contains(it->second.get())) {
      ++it;
      continue;
    }
    bytes -= it->second->train.total_bytes() + it->second->test.total_bytes();
    it = caches_.erase(it);
  }
}

SeedResult TrainingEvaluator::run(const EvaluationRequest& request, const Plan& plan, size_t seed,
                                  const Caches& caches) const {
  Schedule schedule = request.schedule;
  schedule.training = with_epochs(schedule.training, request.fidelity.epochs);
  schedule.training.seed = request.seeds[seed];
  TrainingData data;
  data.train = {&caches.train, &problem_.train->labels, {}};
  data.test = {&caches.test, &problem_.test->labels, {}};
  if (request.measured_on == MeasuredOn::validation) {
    data.train.ids = fold(seed).train;
    data.test = {&caches.train, &problem_.train->labels, fold(seed).validation};
    const auto count = static_cast<double>(data.train.ids.size()) * request.fidelity.samples;
    data.train.ids.resize(std::max<size_t>(1, static_cast<size_t>(count)));
  }
  TrainingControl control;
  control.cancelled = cancelled;
  TrainingResult trained = train(*problem_.network, plan, schedule, data, control);
  SeedResult result;
  result.seed = schedule.training.seed;
  result.outcome = trained.outcome;
  result.accuracy = trained.accuracy;
  result.loss = trained.epochs.back().loss;
  result.judged_loss = trained.test_loss;
  result.signature = trained.signature;
  if (request.fidelity.full()) result.predictions = std::move(trained.predictions);
  if (request.measured_on == MeasuredOn::test) result.epochs = std::move(trained.epochs);
  return result;
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
      right.push_back(predictions[i] == problem_.train->labels[fold(seed).validation[i]]);
  }
  return result;
}

// The requests of one call: those that have to be trained, a run a seed, and what is already known.
struct TrainingEvaluator::Batch {
  struct Run {
    size_t request, seed;
    const Caches* caches;
  };

  std::vector<Evaluation> results;
  std::vector<size_t> same_as;  // the first request of the batch that asks the same, or itself
  std::vector<Plan> plans;
  std::vector<size_t> left;  // runs of each request still to come
  std::vector<Run> runs;

  explicit Batch(size_t size) : results(size), same_as(size), plans(size), left(size, 0) {}
};

TrainingEvaluator::Batch TrainingEvaluator::prepare(const std::vector<EvaluationRequest>& requests) {
  Batch batch(requests.size());
  std::map<std::string, size_t> asked;
  for (size_t i = 0; i < requests.size(); ++i) {
    Evaluation& result = batch.results[i];
    DevicePlan device = device_training_plan(*problem_.network, requests[i].schedule, problem_.board);
    const Evaluation* known = record_.find(requests[i]);
    if (known != nullptr) result = *known;
    result.request = requests[i];
    set_memory(device.totals, result);  // planned anew: a record only spares the training
    batch.same_as[i] = asked.try_emplace(evaluation_key(requests[i], ""), i).first->second;
    if (known != nullptr || batch.same_as[i] != i) continue;
    result.seeds.resize(requests[i].seeds.size());
    batch.plans[i] = std::move(device.plan);
    const size_t cut = cheapest_cut(first_updated_layer(*problem_.network, requests[i].schedule));
    for (size_t seed = 0; seed < requests[i].seeds.size(); ++seed)
      batch.runs.push_back({i, seed, &caches_before(cut)});
    batch.left[i] = requests[i].seeds.size();
  }
  return batch;
}

std::vector<Evaluation> TrainingEvaluator::evaluate(const std::vector<EvaluationRequest>& requests) {
  Batch batch = prepare(requests);
  std::vector<Evaluation>& results = batch.results;
  size_t recorded = 0;  // in the order of the requests
  size_t finished = 0;
  const auto record_finished = [&] {
    for (; recorded < results.size() && batch.left[recorded] == 0; ++recorded) {
      const size_t first = batch.same_as[recorded];
      if (first != recorded) results[recorded].seeds = results[first].seeds;
      record_.add(results[recorded]);
    }
  };
  record_finished();
  std::mutex lock;  // of all that the runs share
  for_each_parallel(static_cast<int64_t>(batch.runs.size()), problem_.jobs, [&](int64_t r) {
    if (cancelled && cancelled()) throw Error("search", "interrupted");
    const Batch::Run& one = batch.runs[static_cast<size_t>(r)];
    SeedResult result = run(requests[one.request], batch.plans[one.request], one.seed, *one.caches);
    const std::lock_guard guard(lock);
    results[one.request].seeds[one.seed] = std::move(result);
    if (--batch.left[one.request] > 0) return;
    ++finished;
    record_finished();
    if (progress) progress(results[one.request], finished, requests.size());
  });
  std::set<const Caches*> used;
  for (const Batch::Run& one : batch.runs) used.insert(one.caches);
  drop_caches(used);
  return std::move(batch.results);
}

}  // namespace thaw
