#include "sim/train/lesson.h"

#include <algorithm>
#include <string>

#include "sim/base/error.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/latent_cut.h"

namespace thaw {

uint64_t steps_with_replay(uint64_t fresh, const Replay& replay) {
  return fresh == 0 ? 0 : fresh + (fresh - 1) * static_cast<uint64_t>(replay.samples);
}

Lesson::Lesson(Executor& executor, const Network& network, const CachedSamples& samples, const Replay& replay,
               uint32_t seed, const std::array<LearningRate, 128>& rates, uint32_t total)
    : executor_(executor),
      samples_(samples),
      rates_(rates),
      replay_(replay),
      first_(first_step_of_layer(executor.plan(), network, samples.cache->layer)),
      seed_(seed),
      total_(total) {
  losses_.reserve(std::min(total, uint32_t{1} << 20));
  if (replay.samples == 0) return;
  const int32_t classes = executor.plan().classes;
  const int64_t latent_bytes =
      replay.latent_bytes > 0 ? replay.latent_bytes : latent_cut(executor.plan()).bytes;
  const uint32_t capacity = thaw_replay_capacity(static_cast<uint32_t>(replay.memory_bytes),
                                                 static_cast<uint32_t>(latent_bytes), classes);
  // The same capacity without the latents' own bytes.
  const auto bytes = capacity + static_cast<uint32_t>(classes) * sizeof(thaw_replay_class);
  memory_.resize(bytes / sizeof(uint32_t) + 1);
  kept_.resize(capacity);
  if (thaw_replay_start(&reservoir_, memory_.data(), static_cast<uint32_t>(bytes), 0, classes, seed) !=
      THAW_OK)
    throw Error(
        "--replay-memory",
        std::to_string(replay.memory_bytes) + " bytes hold no latent of " + std::to_string(latent_bytes),
        "Give more, or train fewer layers");
}

StepResult Lesson::train(const Kept& sample) {
  load_sample(executor_, *samples_.cache, static_cast<int64_t>(samples_.id(sample.place)), sample.flip);
  StepInput input;
  input.label = samples_.label(sample.place);
  input.target = samples_.target(sample.place);
  input.rate = rates_[thaw_rate_entry(steps_, total_)];
  input.seed = seed_;
  input.step = steps_++;
  const StepResult result = executor_.train_step(input, first_);
  losses_.push_back(result.loss);
  return result;
}

StepResult Lesson::learn(size_t place, bool flip) {
  const StepResult fresh = train({place, flip});
  if (replay_.samples == 0) return fresh;
  for (int32_t i = 0; i < replay_.samples; ++i) {
    const int32_t slot = thaw_replay_draw(&reservoir_);
    if (slot != THAW_REPLAY_NONE) train(kept_[static_cast<size_t>(slot)]);
  }
  const int32_t slot = thaw_replay_offer(&reservoir_, samples_.label(place));
  if (slot != THAW_REPLAY_NONE) kept_[static_cast<size_t>(slot)] = {place, flip};
  return fresh;
}

}  // namespace thaw
