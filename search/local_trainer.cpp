#include "search/local_trainer.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <mutex>

#include "search/metric.h"
#include "sim/base/error.h"
#include "sim/base/parallel.h"
#include "sim/plan/training_plan.h"
#include "sim/train/trainer.h"

namespace thaw {

LocalTrainer::LocalTrainer(const SearchProblem& problem, int64_t most_bytes)
    : problem_(problem), most_bytes_(most_bytes) {
  const int32_t steps = problem.train == nullptr ? 1 : problem.train->steps;
  for (size_t layer = 0; layer <= problem.network->layers.size(); ++layer)
    sample_bytes_.push_back(empty_prefix_cache(*problem.network, layer, 0, false, steps).sample_bytes);
}

LocalTrainer::LocalTrainer(const SearchProblem& problem)
    : LocalTrainer(problem, std::max(kLeastCachedBytes, static_cast<int64_t>(problem.train->images.size() +
                                                                             problem.test->images.size()))) {}

/// Where runs that first update `layer` are cut: as late as a cache of a quarter of the memory allows
/// (between blocks activations are several times smaller than within, and a layer or two is soon computed
/// again), else as late as any cache allows, else at the images, which need none.
size_t LocalTrainer::cheapest_layer(size_t layer) const {
  for (const int64_t most : {most_bytes_ / 4, most_bytes_})
    for (size_t cut = layer; cut > 0; --cut)
      if (bytes_of({Split::train, cut}) + bytes_of({Split::test, cut}) <= most) return cut;
  return 0;
}

/// What a run reads, in order: its training samples, on which it is judged too, or test samples beside them.
std::set<LocalTrainer::Cut> LocalTrainer::cuts_of(const TrainingRun& run) const {
  const size_t layer = cheapest_layer(first_updated_layer(*problem_.network, run.schedule));
  std::set<Cut> cuts = {{Split::train, layer}};
  if (run.measured_on == MeasuredOn::test) cuts.insert({Split::test, layer});
  return cuts;
}

int64_t LocalTrainer::bytes_of(const Cut& cut) const {
  const auto& [split, layer] = cut;
  if (layer == 0) return 0;
  const int64_t count =
      split == Split::test ? problem_.test->count : problem_.train->count * (problem_.mirror ? 2 : 1);
  return sample_bytes_[layer] * count;
}

int64_t LocalTrainer::bytes_of(const std::set<Cut>& cuts) const {
  int64_t bytes = 0;
  for (const Cut& cut : cuts) bytes += bytes_of(cut);
  return bytes;
}

int64_t LocalTrainer::cached_bytes() const {
  int64_t bytes = 0;
  for (const auto& [cut, cache] : caches_) bytes += cache.total_bytes();
  return bytes;
}

/// Drops others, earliest cut first, where the memory would not do.
void LocalTrainer::make_caches(const std::set<Cut>& needed) {
  int64_t bytes = bytes_of(needed);
  for (const auto& [cut, cache] : caches_)
    if (!needed.contains(cut)) bytes += cache.total_bytes();
  for (auto it = caches_.begin(); it != caches_.end() && bytes > most_bytes_;) {
    if (!needed.contains(it->first)) bytes -= it->second.total_bytes();
    it = needed.contains(it->first) ? std::next(it) : caches_.erase(it);
  }
  const Network& network = *problem_.network;
  for (const Cut& cut : needed) {
    if (caches_.contains(cut)) continue;
    const auto& [split, layer] = cut;
    const bool on_test = split == Split::test;
    const Samples& samples = on_test ? *problem_.test : *problem_.train;
    const bool mirror = !on_test && problem_.mirror;
    const auto after = caches_.lower_bound(cut);
    const bool go_on = after != caches_.begin() && std::prev(after)->first.first == split;
    if (layer == 0)
      caches_[cut] = uncopied_cut(network, samples);
    else if (go_on)
      caches_[cut] = advance_prefix(network, layer, std::prev(after)->second, mirror, problem_.jobs);
    else
      caches_[cut] = cache_prefix(network, layer, samples, mirror, problem_.jobs);
  }
}

SeedResult LocalTrainer::train_one(const TrainingRun& run, const std::function<bool()>& cancelled) const {
  const std::set<Cut> cuts = cuts_of(run);
  const PrefixCache& cache = caches_.at({Split::train, cuts.begin()->second});
  TrainingData data;
  const Samples& train = *problem_.train;
  data.train = {&cache, &train.labels, training_places(run, problem_), &train.targets};
  if (run.measured_on == MeasuredOn::test)
    data.test = {&caches_.at({Split::test, cuts.begin()->second}),
                 &problem_.test->labels,
                 {},
                 &problem_.test->targets};
  else
    data.test = {&cache, &train.labels, problem_.folds[run.fold].validation, &train.targets};
  TrainingControl control;
  control.cancelled = cancelled;
  const Plan plan = training_plan(*problem_.network, run.schedule);
  TrainingResult trained = thaw::train(*problem_.network, plan, run.schedule, data, control);
  SeedResult result;
  result.seed = run.schedule.training.seed;
  result.outcome = trained.outcome;
  result.accuracy = trained.accuracy;
  result.judged_loss = trained.test_loss;
  result.loss = trained.epochs.back().loss;
  result.signature = trained.signature;
  result.predictions = std::move(trained.predictions);
  result.epochs = std::move(trained.epochs);
  result.errors = std::move(trained.errors);
  set_metric(result, problem_, run.measured_on);
  return result;
}

void LocalTrainer::train(const std::vector<TrainingRun>& runs, const std::function<bool()>& cancelled,
                         const RunFinished& finished) {
  std::vector<std::pair<std::set<Cut>, size_t>> order;
  for (size_t i = 0; i < runs.size(); ++i) order.emplace_back(cuts_of(runs[i]), i);
  std::sort(order.begin(), order.end());
  std::mutex lock;  // of `finished`
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    std::set<Cut> needed;  // by as many runs as the memory serves at the same time
    for (; end < order.size(); ++end) {
      std::set<Cut> more = needed;
      more.insert(order[end].first.begin(), order[end].first.end());
      if (end > begin && bytes_of(more) > most_bytes_) break;
      needed = std::move(more);
    }
    make_caches(needed);
    for_each_parallel(static_cast<int64_t>(end - begin), problem_.jobs, [&](int64_t i) {
      if (cancelled && cancelled()) throw Error("search", "interrupted");
      const size_t run = order[begin + static_cast<size_t>(i)].second;
      const auto start = std::chrono::steady_clock::now();
      SeedResult result = train_one(runs[run], cancelled);
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
      const std::lock_guard guard(lock);
      finished(run, std::move(result), seconds.count());
    });
  }
}

}  // namespace thaw
