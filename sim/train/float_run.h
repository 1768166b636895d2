// One training run in the float arithmetic, with the order and flips of the integer one, so that the two can
// be compared sample by sample.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/float/float_model.h"
#include "sim/float/float_trainer.h"
#include "sim/plan/schedule.h"
#include "sim/train/trainer.h"

namespace thaw {

/// `run.state` holds the trained values as float32: weights and biases by convolution, then the classifier.
struct FloatRun {
  TrainingResult run;
  FloatParameters parameters;
};

/// The samples of one epoch in the order in which they are visited.
struct EpochOrder {
  std::vector<uint32_t> places;   // in TrainingData::train
  std::vector<uint8_t> mirrored;  // by position in the order: 1 = flipped left to right
};

/// Order and flips of integer training (arithmetic section 3) with the recipe's seed.
EpochOrder recipe_order(const TrainingRecipe& recipe, int32_t epoch, uint32_t samples);

/// What a recipe does not say.
struct FloatRunOptions {
  int32_t batch = 1;
  bool quantization_aware_scaling = true;
  std::optional<FloatParameters> initial;          // absent: initial_float_parameters with the recipe's seed
  std::function<EpochOrder(int32_t epoch)> order;  // by epoch from 0; empty: recipe_order
};

/// Trains by the schedule's recipe. The recipe's rate is for one sample: a batch of mean losses takes `batch`
/// times that. Samples that do not fill a batch are left out of an epoch. Caches are of cache_float_prefix.
/// Diverges (a loss that is not finite does, too), is cancelled and reports as `train`. Threads: OpenMP's.
FloatRun train_float(const FloatModel& model, const Schedule& schedule, const TrainingData& data,
                     const FloatRunOptions& options, const TrainingControl& control);

/// The same with a batch of this many samples and all else as integer training does it.
FloatRun train_float(const FloatModel& model, const Schedule& schedule, const TrainingData& data,
                     int32_t batch, const TrainingControl& control);

}  // namespace thaw
