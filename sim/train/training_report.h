// What a training run says of itself as it goes, and how it ended.
#pragma once

#include <cstdint>

namespace thaw {

struct EpochReport {
  int32_t epoch = 0;            // from 1
  double loss = 0.0;            // mean over the epoch's samples: nats, or squared steps of the output
  double train_accuracy = 0.0;  // of the predictions before each update; 0 where nothing is classified
  double test_accuracy = -1.0;  // after the epoch; -1: not measured
  double test_loss = -1.0;      // likewise, in the unit of `loss`
};

enum class Outcome { ok, diverged };

}  // namespace thaw
