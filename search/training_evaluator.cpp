#include "search/training_evaluator.h"

#include <algorithm>
#include <cassert>
#include <mutex>

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

std::vector<Evaluation> TrainingEvaluator::evaluate(const std::vector<EvaluationRequest>& requests) {
  struct Run {
    size_t request, seed;
    const Caches* caches;
  };
  std::vector<Evaluation> results(requests.size());
  std::vector<Run> runs;
  std::vector<size_t> left(requests.size(), 0);  // runs of each request still to come
  std::vector<Plan> plans(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    DevicePlan device = device_training_plan(*problem_.network, requests[i].schedule, problem_.board);
    const MemoryTotals& needed = device.totals;
    if (const Evaluation* known = record_.find(requests[i])) {
      results[i] = *known;
      results[i].request = requests[i];
      set_memory(needed, results[i]);  // planned anew: a record only spares the training
      continue;
    }
    results[i].request = requests[i];
    results[i].seeds.resize(requests[i].seeds.size());
    set_memory(needed, results[i]);
    plans[i] = std::move(device.plan);
    const size_t cut = cheapest_cut(first_updated_layer(*problem_.network, requests[i].schedule));
    for (size_t seed = 0; seed < requests[i].seeds.size(); ++seed)
      runs.push_back({i, seed, &caches_before(cut)});
    left[i] = requests[i].seeds.size();
  }
  size_t recorded = 0;  // in the order of the requests
  size_t finished = 0;
  const auto record_finished = [&] {
    for (; recorded < results.size() && left[recorded] == 0; ++recorded) record_.add(results[recorded]);
  };
  record_finished();
  std::mutex lock;  // of all that the runs share
  for_each_parallel(static_cast<int64_t>(runs.size()), problem_.jobs, [&](int64_t r) {
    if (cancelled && cancelled()) throw Error("search", "interrupted");
    const Run& one = runs[static_cast<size_t>(r)];
    SeedResult result = run(requests[one.request], plans[one.request], one.seed, *one.caches);
    const std::lock_guard guard(lock);
    results[one.request].seeds[one.seed] = std::move(result);
    if (--left[one.request] > 0) return;
    ++finished;
    record_finished();
    if (progress) progress(results[one.request], finished, requests.size());
  });
  std::set<const Caches*> used;
  for (const Run& one : runs) used.insert(one.caches);
  drop_caches(used);
  return results;
}

}  // namespace thaw
