// One training run in the integer contract: samples in, accuracy, trained state and signature out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sim/exec/prefix_cache.h"
#include "sim/plan/network.h"
#include "sim/plan/schedule.h"
#include "sim/train/training_report.h"

namespace thaw {

/// Samples of a cache with their labels: those that `ids` lists, in that order; none listed means all. The
/// place in the list is the sample's number in shuffling and flips.
struct CachedSamples {
  const PrefixCache* cache = nullptr;
  const std::vector<int32_t>* labels = nullptr;  // by place in the cache
  std::vector<uint32_t> ids;
  const std::vector<int8_t>* targets = nullptr;  // of regression, by place in the cache

  size_t count() const { return ids.empty() ? static_cast<size_t>(cache->count) : ids.size(); }
  size_t id(size_t place) const { return ids.empty() ? place : ids[place]; }
  int32_t label(size_t place) const { return (*labels)[id(place)]; }
  /// The int8 target of a sample that has one (Samples::targets), else null.
  const int8_t* target(size_t place) const {
    if (targets == nullptr || targets->empty()) return nullptr;
    const size_t each = targets->size() / static_cast<size_t>(cache->count);
    return targets->data() + id(place) * each;
  }
  std::span<const int8_t> sample(size_t place, bool flip) const {
    return cache->sample(static_cast<int64_t>(id(place)), flip);
  }
};

/// What a run trains and is tested on, both cut at a layer at or before the first updated one. Without test
/// samples no accuracy is measured. The training cache holds mirrored samples if the recipe flips.
struct TrainingData {
  CachedSamples train, test;
};

struct TrainingResult {
  Outcome outcome = Outcome::ok;
  std::vector<EpochReport> epochs;
  double accuracy = 0.0;             // on the test samples after the last epoch, 0..1
  double test_loss = 0.0;            // mean over the test samples: nats, or squared steps of the output
  std::vector<int32_t> predictions;  // of every test sample
  std::vector<double> errors;        // likewise, where the output is compared: output_errors
  std::vector<std::byte> state;      // Executor::state() at the end
  uint32_t steps = 0;                // samples seen
  std::string signature;             // SHA-256 of the final state and of every loss
};

/// Latent replay (arithmetic section 16): after every fresh sample so many that were kept of those before, in
/// so many bytes of a device's memory.
struct Replay {
  int32_t samples = 0;  // 0: none
  int64_t memory_bytes = 16384;
  int64_t latent_bytes = 0;  // of a sample; 0: the plan's (latent_cut.h)
};

struct TrainingControl {
  Replay replay;
  bool test_every_epoch = false;
  KernelSet kernels = KernelSet::host;
  std::function<void(const EpochReport&)> on_epoch;  // may be empty
  std::function<bool()> cancelled;                   // may be empty; asked every 64 samples
};

/// Trains one sample at a time in the order and with the flips of arithmetic section 3, by the schedule's own
/// recipe. `plan` is the schedule's `training_plan`, which seeds and epochs do not change. A run whose mean
/// loss over any 512 samples in a row exceeds twice that of guessing (2 ln N) is stopped and marked
/// `diverged`; where the output is compared, twice that of the first 512 (of one squared step, if that is
/// more). Throws Error{"interrupted"} when cancelled.
TrainingResult train(const Network& network, const Plan& plan, const Schedule& schedule,
                     const TrainingData& data, const TrainingControl& control);

/// What an executor holding trained state makes of every one of the samples.
struct Judgement {
  std::vector<int32_t> predictions;
  std::vector<double> losses;           // of each: nats, or the mean squared error in squared steps
  std::vector<double> absolute_errors;  // of each sample that has a target: mean over its outputs, in steps
  double loss = 0.0;  // mean of `losses`; summed up in integers (arithmetic sections 5 and 17)
};
Judgement judge(Executor& executor, const Network& network, const CachedSamples& samples);

/// Of each sample, in the units of the output: mean absolute error (regress) or mean squared error
/// (reconstruct).
std::vector<double> output_errors(const Network& network, const Judgement& judgement);

/// Scale of the model's own output: real units in a step.
double output_scale(const Network& network);

/// Share of predictions that equal their sample's label, 0..1.
double accuracy_of(const std::vector<int32_t>& predictions, const CachedSamples& samples);

}  // namespace thaw
