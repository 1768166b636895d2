// A Schedule: which tensors of a model are updated, and how they are trained. Pure data with a total order.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/metric_kind.h"
#include "sim/plan/input_by.h"
#include "sim/plan/task.h"

namespace thaw {

enum class UpdatedWeights { none, all, channels };

/// What of one layer is updated. `op` is the number of the convolution in execution order (0 = first, as
/// tiny-training and the random streams count; the classifier comes last). `channels`: ascending input
/// channels, for depthwise layers output channels; used with UpdatedWeights::channels only. `fraction_bits`:
/// of its weights, 0, 4 or 8, where that is not the recipe's.
struct LayerUpdate {
  int32_t op = 0;
  std::string layer;
  bool bias = false;
  UpdatedWeights weights = UpdatedWeights::none;
  std::vector<int32_t> channels;
  std::optional<int32_t> fraction_bits = std::nullopt;

  auto operator<=>(const LayerUpdate&) const = default;
};

/// Training recipe; the rate is for batch 1 and one sample.
struct TrainingRecipe {
  double learning_rate = 0.00078125;  // 2 * 0.1 / 256: arithmetic section 11
  int32_t epochs = 4;
  std::string lr_schedule = "cosine";
  double warmup_epochs = 1.0;
  uint32_t seed = 1;
  bool flip = true;               // horizontal flips
  int32_t fraction_bits = 4;      // F: 0, 4 or 8
  int32_t gradient_bits = 7;      // b: 7 (int8) or 8..14 (int16)
  bool fresh_classifier = false;  // random start even where the model has one for as many classes

  auto operator<=>(const TrainingRecipe&) const = default;
};

/// The same recipe over `epochs` epochs: the warm-up keeps its share of the run (a quarter by default), so
/// that a short run is not all warm-up. With as many epochs as before nothing changes.
TrainingRecipe with_epochs(const TrainingRecipe& recipe, int32_t epochs);

/// What was measured when the schedule was exported; the device build and the gate check it again.
struct Promise {
  MetricKind metric = MetricKind::accuracy;
  double mean = 0.0, low = 0.0, high = 0.0;  // of the metric on test; accuracy is 0..1
  int32_t seeds = 0;
  int64_t ram_bytes = 0, flash_bytes = 0, macs_per_step = 0;
  std::string signature;

  auto operator<=>(const Promise&) const = default;
};

struct Provenance {
  std::string thaw, strategy, run;
  double threshold = 0.0;  // points

  auto operator<=>(const Provenance&) const = default;
};

/// `update` is ascending by `op` and lists only layers of which something is updated. The classifier, when it
/// is updated, is the entry whose op equals the model's number of convolutions; of other tasks than classify
/// the last layer is a convolution like the others, with that same number.
struct Schedule {
  std::string model_file, model_sha256;
  Task task = Task::classify;
  int32_t classes = 0;                          // 0 where the task is no classification
  std::array<int32_t, 4> input = {1, 0, 0, 0};  // N, H, W, C
  std::string arithmetic = "int8";
  InputBy input_by = InputBy::image;  // how the device gets its images: decides bytes, never bits
  TrainingRecipe training;
  std::vector<LayerUpdate> update;
  std::optional<Promise> promise;
  std::optional<Provenance> provenance;

  auto operator<=>(const Schedule&) const = default;

  /// The entry for a convolution or the classifier, or nullptr.
  const LayerUpdate* find(int32_t op) const {
    for (const LayerUpdate& entry : update)
      if (entry.op == op) return &entry;
    return nullptr;
  }
};

}  // namespace thaw
