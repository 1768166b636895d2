// Trains on cached activations in this process, several runs at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "search/run_trainer.h"
#include "sim/exec/prefix_cache.h"

namespace thaw {

/// What caches may take where the samples themselves take less.
constexpr int64_t kLeastCachedBytes = int64_t{256} << 20;

class LocalTrainer : public RunTrainer {
 public:
  /// Trains `problem.jobs` runs at a time. All caches together take at most so many bytes; results do not
  /// depend on that.
  LocalTrainer(const SearchProblem& problem, int64_t most_bytes);
  /// With as many bytes as the samples take, or kLeastCachedBytes.
  explicit LocalTrainer(const SearchProblem& problem);

  void train(const std::vector<TrainingRun>& runs, const std::function<bool()>& cancelled,
             const RunFinished& finished) override;

  /// Bytes of activations that are cached now.
  int64_t cached_bytes() const;

 private:
  enum class Split { train, test };
  /// Samples as they enter a layer.
  using Cut = std::pair<Split, size_t>;

  size_t cheapest_layer(size_t layer) const;
  std::set<Cut> cuts_of(const TrainingRun& run) const;
  int64_t bytes_of(const Cut& cut) const;
  int64_t bytes_of(const std::set<Cut>& cuts) const;
  void make_caches(const std::set<Cut>& needed);
  SeedResult train_one(const TrainingRun& run, const std::function<bool()>& cancelled) const;

  SearchProblem problem_;
  std::vector<int64_t> sample_bytes_;  // of the cut before each layer
  int64_t most_bytes_;
  std::map<Cut, PrefixCache> caches_;
};

}  // namespace thaw
