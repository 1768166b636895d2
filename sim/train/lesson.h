// Samples trained one after another, each followed by some that were kept of those before: latent replay as
// a device does it, with the engine's own reservoir (engine/runtime/replay.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/runtime/replay.h"
#include "sim/exec/executor.h"
#include "sim/train/trainer.h"

namespace thaw {

/// Training steps in all for so many fresh samples: before the first nothing is kept.
uint64_t steps_with_replay(uint64_t fresh, const Replay& replay);

/// One pass of learning. All references must outlive it. The executor may be used in between.
class Lesson {
 public:
  /// `rates`: of a run of `total` steps. Throws Error where the replay's memory holds not one latent.
  Lesson(Executor& executor, const Network& network, const CachedSamples& samples, const Replay& replay,
         uint32_t seed, const std::array<LearningRate, 128>& rates, uint32_t total);

  /// Trains the sample at a place of the list, then the replay's number of kept ones, then decides whether it
  /// is kept. Returns what the fresh sample gave.
  StepResult learn(size_t place, bool flip);

  uint32_t steps() const { return steps_; }
  /// Of every step, in Q16: nats, or squared steps of the output.
  const std::vector<int64_t>& losses() const { return losses_; }

 private:
  struct Kept {
    size_t place = 0;
    bool flip = false;
  };
  StepResult train(const Kept& sample);

  Executor& executor_;
  const CachedSamples& samples_;
  const std::array<LearningRate, 128>& rates_;
  Replay replay_;
  size_t first_;  // step of the cache's layer
  uint32_t seed_, total_, steps_ = 0;
  std::vector<int64_t> losses_;
  std::vector<uint32_t> memory_;  // the reservoir's, without latents: a cache has them
  std::vector<Kept> kept_;        // by slot
  thaw_replay reservoir_ = {};
};

}  // namespace thaw
