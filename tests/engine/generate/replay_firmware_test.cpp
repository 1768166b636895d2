// A firmware that replays latents from the engine's reservoir, and the simulator's Lesson, go the same way
// bit for bit.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "sim/plan/latent_cut.h"
#include "sim/train/lesson.h"
#include "tests/engine/generate/firmware.h"
#include "tests/engine/generate/loaded_model.h"
#include "tests/support/varied_plan.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kFresh = 40;

/// What an application does with the functions of one model.
class ReplayingApplication {
 public:
  ReplayingApplication(const testing::LoadedModel& model, const Replay& replay, int32_t classes,
                       uint32_t seed)
      : model_(model),
        replayed_(replay.samples),
        memory_(static_cast<size_t>(replay.memory_bytes) / 4),
        latent_(static_cast<size_t>(replay.latent_bytes)) {
    const auto start = model.function<int32_t(thaw_replay*, void*, uint32_t, uint32_t, int32_t, uint32_t)>(
        "thaw_replay_start");
    EXPECT_EQ(start(&reservoir_, memory_.data(), static_cast<uint32_t>(replay.memory_bytes),
                    static_cast<uint32_t>(replay.latent_bytes), classes, seed),
              0);
  }

  void learn(const std::vector<int8_t>& image, int32_t label) {
    const auto train = model_.function<int32_t(const int8_t*, int32_t)>("thaw_train_latent");
    const auto draw = model_.function<int32_t(thaw_replay*)>("thaw_replay_draw");
    EXPECT_EQ(
        model_.function<int32_t(const int8_t*, int8_t*)>("thaw_store_latent")(image.data(), latent_.data()),
        0);
    EXPECT_EQ(train(latent_.data(), label), 0);
    for (int32_t i = 0; i < replayed_; ++i)
      if (const int32_t old = draw(&reservoir_); old >= 0) {
        EXPECT_EQ(train(place(old), label_of(old)), 0);
      }
    const int32_t slot =
        model_.function<int32_t(thaw_replay*, int32_t)>("thaw_replay_offer")(&reservoir_, label);
    if (slot >= 0) std::memcpy(place(slot), latent_.data(), latent_.size());
  }

  uint32_t capacity() const { return reservoir_.capacity; }

 private:
  int8_t* place(int32_t slot) const {
    return model_.function<int8_t*(const thaw_replay*, int32_t)>("thaw_replay_latent")(&reservoir_, slot);
  }
  int32_t label_of(int32_t slot) const {
    return model_.function<int32_t(const thaw_replay*, int32_t)>("thaw_replay_label")(&reservoir_, slot);
  }

  const testing::LoadedModel& model_;
  int32_t replayed_;
  std::vector<uint32_t> memory_;
  std::vector<int8_t> latent_;
  thaw_replay reservoir_ = {};
};

/// Images of noise as samples.
Samples samples_of(const Plan& plan, const std::array<int32_t, 4>& shape) {
  Samples samples;
  samples.count = kFresh;
  samples.height = shape[1];
  samples.width = shape[2];
  samples.channels = shape[3];
  for (const auto& [label, image] : testing::noise_images(plan, kFresh)) {
    samples.labels.push_back(label);
    samples.images.insert(samples.images.end(), image.begin(), image.end());
  }
  return samples;
}

void expect_same_lesson(const testing::LoadedModel& model, const testing::PlannedFirmware& made,
                        const Network& network, const Replay& replay) {
  model.function<void(uint32_t)>("thaw_init")(made.seed);
  model.function<int32_t(uint32_t, uint32_t)>("thaw_set_schedule")(0, made.schedule_steps);
  ReplayingApplication application(model, replay, made.plan.classes, made.seed);
  EXPECT_EQ(application.capacity(), 7U);
  const Samples samples = samples_of(made.plan, made.input);
  const PrefixCache cut = uncopied_cut(network, samples);
  const CachedSamples list = {&cut, &samples.labels, {}};
  Executor executor(made.plan, made.layout.offsets, KernelSet::host, made.seed);
  Lesson lesson(executor, network, list, replay, made.seed, made.rates, made.schedule_steps);
  for (size_t i = 0; i < kFresh; ++i) {
    lesson.learn(i, false);
    const auto image = samples.images.begin() + static_cast<ptrdiff_t>(i) * samples.step_bytes();
    application.learn({image, image + samples.step_bytes()}, samples.labels[i]);
    ASSERT_EQ(model.function<uint32_t()>("thaw_step_number")(), lesson.steps());
    ASSERT_EQ(model.function<uint32_t()>("thaw_state_crc")(), testing::crc_of(executor.state()))
        << "fresh sample " << i;
  }
  EXPECT_EQ(lesson.steps(), made.schedule_steps);
}

TEST(ReplayFirmware, LearnsAsTheSimulator) {
  Replay replay;
  replay.samples = 2;
  const auto steps = static_cast<uint32_t>(steps_with_replay(kFresh, replay));
  EXPECT_EQ(steps, 3 * kFresh - 2);
  const fs::path all = testing::test_folder("models");
  std::vector<Network> networks;
  std::vector<testing::PlannedFirmware> made;
  for (uint32_t seed = 2; seed <= 4; ++seed) {
    networks.push_back(testing::varied_network(seed));
    Schedule schedule = testing::random_schedule(networks.back(), seed);
    testing::lower_what_can_be_trained(networks.back(), schedule);
    schedule.training.learning_rate = 0.01;
    schedule.training.seed = seed;
    made.emplace_back(networks.back(), schedule, steps);
    testing::write_firmware(testing::folder_of(all, made.size() - 1),
                            made.back().request(testing::board_named("host")));
  }
  const testing::CommandResult compiled = testing::compile_models(all, made.size());
  ASSERT_EQ(compiled.status, 0) << compiled.output;
  for (size_t i = 0; i < made.size(); ++i) {
    SCOPED_TRACE("network " + std::to_string(i));
    const testing::LoadedModel model(testing::folder_of(all, i) / "model.so");
    ASSERT_TRUE(model.loaded()) << dlerror();
    replay.latent_bytes = latent_cut(made[i].plan).bytes;
    replay.memory_bytes = (8 * made[i].plan.classes + 7 * (replay.latent_bytes + 1) + 3) / 4 * 4;
    expect_same_lesson(model, made[i], networks[i], replay);
  }
}

}  // namespace
}  // namespace thaw
