// Firmware with the kernels for Helium on QEMU's Cortex-M55: state, loss and predictions of the simulator
// after each step, RAM as planned to the byte, flash as estimated, and fewer instructions than the DSP
// kernels take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/engine/generate/firmware.h"
#include "tests/engine/generate/model_firmware.h"
#include "tests/support/random_network.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using testing::board_named;
using testing::Images;
using testing::Model;
using testing::noise_images;
using testing::PlannedFirmware;
using testing::write_all;

/// Runs on a board; returns instructions a training step.
int64_t expect_equal(const PlannedFirmware& made, const Images& images, const char* board_name,
                     bool check_flash = true) {
  const Board board = board_named(board_name);
  SCOPED_TRACE(board.name);
  const MemoryTotals sizes = totals(made.plan, made.layout, board);
  const nlohmann::json report = testing::expect_same_bits(write_all(made, board, images, KernelSet::host));
  EXPECT_EQ(report["training_steps"], images.size());
  EXPECT_EQ(report["ram_bytes"], sizes.ram.required);
  EXPECT_LT(report["stack_bytes_used"], sizes.stack);
  if (check_flash) {
    EXPECT_NEAR(report["flash_bytes"].get<double>() - static_cast<double>(sizes.constants),
                static_cast<double>(sizes.code), 0.05 * static_cast<double>(sizes.code));
  }
  return report["instructions_per_training_step"].get<int64_t>();
}

PlannedFirmware random_firmware(uint32_t seed, int32_t gradient_bits) {
  const Network network = reduce(testing::RandomNetwork(seed).graph(), {.fresh_classifier = seed % 2 == 0});
  Schedule schedule = testing::random_schedule(network, seed);
  schedule.training.learning_rate = 0.01;
  schedule.training.seed = seed;
  schedule.training.gradient_bits = gradient_bits;
  return PlannedFirmware(network, schedule, 40);
}

TEST(HeliumSlow, RandomNetworks) {
  for (const auto& [seed, gradient_bits] : {std::pair(11U, 7), std::pair(12U, 7), std::pair(13U, 10)}) {
    SCOPED_TRACE(seed);
    const PlannedFirmware made = random_firmware(seed, gradient_bits);
    expect_equal(made, noise_images(made.plan, 10), "mps3-an547-helium", false);
  }
}

TEST(HeliumSlow, ReferenceModelFor200Steps) {
  const Model model = testing::read_model(testing::kConfigs / "models/reference.tflite",
                                          testing::kConfigs / "schedules/reference/last-blocks.json");
  const PlannedFirmware made(model.network, model.schedule, 200);
  expect_equal(made, noise_images(made.plan, 200), "mps3-an547-helium");
}

/// The DSP kernels take 60 million instructions.
constexpr int64_t kMostInstructions = 26'000'000;

TEST(HeliumSlow, PublishedNetworkTakesLessThanHalfTheInstructions) {
  THAW_REQUIRE_SHARED();
  const Model model = testing::read_model(*testing::shared_folder() / "models/mcunet-5fps.tflite",
                                          testing::kConfigs / "schedules/mcunet-5fps/49kb.json");
  const PlannedFirmware made(model.network, model.schedule, 200);
  const Images images =
      testing::images_of(model.network, *testing::shared_folder() / "data/cifar10-small", 1, 3);
  const int64_t helium = expect_equal(made, images, "mps3-an547-helium");
  const int64_t dsp = expect_equal(made, images, "mps3-an547");
  std::printf("49kb: %lld instructions a training step with Helium, %lld without\n",
              static_cast<long long>(helium), static_cast<long long>(dsp));
  EXPECT_LE(helium, kMostInstructions);
  EXPECT_LT(2 * helium, dsp);
}

}  // namespace
}  // namespace thaw
