// Who trains: this process (local_trainer.h), or others that it hands the work to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "search/training_run.h"

namespace thaw {

/// Called once for each run that has ended, with the seconds that it took, in any order, from any thread but
/// one at a time.
using RunFinished = std::function<void(size_t run, SeedResult result, double seconds)>;

class RunTrainer {
 public:
  virtual ~RunTrainer() = default;

  /// Trains every run. Results do not depend on who trains which when. Throws Error{"interrupted"} when
  /// `cancelled` (may be empty) says so; what had finished was said.
  virtual void train(const std::vector<TrainingRun>& runs, const std::function<bool()>& cancelled,
                     const RunFinished& finished) = 0;

  /// Bytes sent to and received from other processes so far.
  virtual int64_t bytes_moved() const { return 0; }
};

}  // namespace thaw
