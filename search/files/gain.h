// What a tensor adds.
#pragma once

namespace thaw {

/// Nats of validation loss, mean over the folds that were judged; `error` is its standard error, pooled over
/// all gains that were measured, since two or three folds alone say little. Loss, not accuracy: on the table
/// of 2,048 schedules it ranks better (docs/decisions/024).
struct Gain {
  double nats = 0.0;
  double error = 0.0;
};

}  // namespace thaw
