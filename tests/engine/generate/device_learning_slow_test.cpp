// The device learns as the simulator does: ten photos a class, twenty epochs on a Cortex-M7 in QEMU.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <map>

#include "memmodel/totals.h"
#include "tests/engine/generate/model_firmware.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

constexpr size_t kImagesAClass = 10, kEpochs = 20;
constexpr uint32_t kSeed = 1;

std::vector<uint32_t> first_of_each_class(const Dataset& dataset, size_t count) {
  std::map<int32_t, size_t> taken;
  std::vector<uint32_t> ids;
  for (uint32_t id = 0; id < dataset.train.labels.size(); ++id)
    if (taken[dataset.train.labels[id]]++ < count) ids.push_back(id);
  return ids;
}

/// Sum of |w| over all trained int8 weights, and of |w - start|, each over the sum of |start|.
struct WeightChange {
  double mass = 0, drift = 0;
};

WeightChange weight_change(const Plan& plan, const Executor& trained) {
  double start = 0, now = 0, moved = 0;
  for (const Step& step : plan.steps) {
    const auto* k = std::get_if<UpdateWeights>(&step.kernel);
    if (k == nullptr) continue;
    const std::span<const std::byte> after = trained.bytes(k->weights);
    const std::vector<std::byte>& before = plan.buffer(plan.buffer(k->weights).initial).data;
    for (size_t i = 0; i < before.size(); ++i) {
      const int a = static_cast<int8_t>(after[i]), b = static_cast<int8_t>(before[i]);
      start += std::abs(b);
      now += std::abs(a);
      moved += std::abs(a - b);
    }
  }
  return {now / start, moved / start};
}

TEST(DeviceLearningSlow, TenImagesAClassEndAtTheSimulatorsAccuracy) {
  THAW_REQUIRE_SHARED();
  testing::Model model = testing::read_model(*testing::shared_folder() / "models/mcunet-5fps.tflite",
                                             testing::kConfigs / "schedules/mcunet-5fps/49kb.json", 2);
  model.schedule.training.learning_rate *= 16;  // 400 steps instead of 20,000
  const std::array<int32_t, 4> shape = input_shape(model.network);
  const Dataset dataset =
      read_dataset(*testing::shared_folder() / "data/vww-coco-mini", {shape[1], shape[2], shape[3]});
  const std::vector<uint32_t> ids = first_of_each_class(dataset, kImagesAClass);
  ASSERT_EQ(ids.size(), 2 * kImagesAClass);
  const size_t steps = kEpochs * ids.size();
  const testing::PlannedFirmware made(model.network, model.schedule, static_cast<uint32_t>(steps));

  // The device's whole life: all training steps, then the test split.
  std::vector<TraceSample> samples =
      made.samples(testing::epochs_of(model.network, dataset, ids, kSeed, steps));
  for (uint32_t id = 0; id < dataset.test.labels.size(); ++id) {
    const auto [label, image] = testing::image_of(model.network, dataset, dataset.test, id);
    samples.push_back({false, label, {}, image});
  }

  Executor simulator(made.plan, made.layout.offsets, KernelSet::host, kSeed);
  int32_t right = 0, tests = 0;
  uint32_t step = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    std::ranges::copy(samples[i].image, simulator.values<int8_t>(made.plan.inputs[0]).begin());
    if (samples[i].train) {
      simulator.train_step({samples[i].label, samples[i].rate, kSeed, step++});
    } else if (i > 0) {
      simulator.infer();
      const std::span<int32_t> logits = simulator.values<int32_t>(made.plan.logits);
      right += std::ranges::max_element(logits) - logits.begin() == samples[i].label ? 1 : 0;
      ++tests;
    }
  }
  const WeightChange change = weight_change(made.plan, simulator);

  const Board board = testing::board_named("mps2-an500");
  const std::filesystem::path folder = testing::test_folder(board.name);
  testing::write_firmware(folder, made.request(board));
  testing::write_check(folder, firmware_trace(made.plan, made.layout.offsets, KernelSet::host, made.seed,
                                              made.schedule_steps, samples));
  const nlohmann::json report = testing::expect_same_bits(folder);
  EXPECT_EQ(report["training_steps"], steps);
  EXPECT_EQ(report["inferences"], dataset.test.count + 1);
  std::printf(
      "device and simulator: %d of %d test images right after %zu steps; weight mass %.3f, drift %.3f\n",
      right, tests, steps, change.mass, change.drift);
  EXPECT_GT(right, tests / 2);
  EXPECT_NEAR(change.mass, 1.0, 0.05);  // 10 % is left of the peer's after 200 steps
  EXPECT_GT(change.drift, 0.0);
  EXPECT_LT(change.drift, 0.3);
}

}  // namespace
}  // namespace thaw
