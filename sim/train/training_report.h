// What a training run says of itself as it goes, and how it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace thaw {

struct EpochReport {
  int32_t epoch = 0;  // from 1
  double loss = 0.0;  // mean over the epoch's samples: nats, or squared steps of the output
  std::optional<double> train_accuracy;  // of the predictions before each update, of classes
  std::optional<double> test_accuracy;   // after the epoch, where it was measured
  std::optional<double> test_loss;       // likewise, in the unit of `loss`
};

enum class Outcome { ok, diverged };

/// One figure of a trained model with its 95 % interval.
struct Metric {
  std::string name;
  bool higher_is_better = false;
  double value = 0.0, low = 0.0, high = 0.0;
};

}  // namespace thaw
