// Every core that a board of the repository has: the simulator's bits after a few training steps of the
// reference model, RAM as planned, on processors without DSP instructions (Cortex-M0, M3, RISC-V) and with
// them (Cortex-M33; firmware_slow_test.cpp has M4, M7 and M55).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/generate/model_firmware.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::board_named;
using ::testing::HasSubstr;
using testing::PlannedFirmware;
using testing::run_command;

constexpr size_t kSteps = 3;

PlannedFirmware reference_firmware(const std::string& schedule) {
  const testing::Model model =
      testing::read_model(testing::kConfigs / "models/reference.tflite",
                          testing::kConfigs / "schedules/reference" / (schedule + ".json"));
  return {model.network, model.schedule, kSteps};
}

/// The folder, built and run.
fs::path expect_equal(const std::string& schedule, const Board& board) {
  const PlannedFirmware made = reference_firmware(schedule);
  const fs::path folder =
      testing::write_all(made, board, testing::noise_images(made.plan, kSteps), KernelSet::host);
  const nlohmann::json report = testing::expect_same_bits(folder);
  EXPECT_EQ(report["training_steps"], kSteps);
  const MemoryTotals sizes = totals(made.plan, made.layout, board);
  EXPECT_EQ(report["ram_bytes"], sizes.ram.required);
  EXPECT_GT(report["instructions_per_training_step"], sizes.macs_per_step());
  EXPECT_NEAR(report["flash_bytes"].get<double>(), static_cast<double>(sizes.flash.required),
              0.1 * static_cast<double>(sizes.flash.required));
  return folder;
}

TEST(CoresSlow, CortexM0TrainsTheLastLayerIn16KiB) {
  const fs::path folder = expect_equal("last-layer", board_named("microbit"));
  EXPECT_THAT(run_command("arm-none-eabi-readelf -A '" + (folder / "firmware.elf").string() + "'").output,
              HasSubstr("v6S-M"));
}

TEST(CoresSlow, CortexM3) {
  expect_equal("last-blocks", board_named("mps2-an385"));
}

TEST(CoresSlow, CortexM33WithHardFloats) {
  const fs::path folder = expect_equal("last-blocks", board_named("mps2-an505"));
  EXPECT_THAT(run_command("arm-none-eabi-readelf -A '" + (folder / "firmware.elf").string() + "'").output,
              HasSubstr("Tag_ABI_VFP_args: VFP registers"));
}

TEST(CoresSlow, RiscV) {
  const fs::path folder = expect_equal("last-blocks", board_named("virt"));
  EXPECT_THAT(
      run_command("riscv64-unknown-elf-readelf -h '" + (folder / "firmware.elf").string() + "'").output,
      HasSubstr("ELF32"));
}

TEST(CoresSlow, AnOverflowingStackIsReported) {
  for (const char* name : {"microbit", "mps2-an505", "virt"}) {
    Board board = board_named(name);
    board.stack_bytes = 128;
    const PlannedFirmware made = testing::small_firmware();
    const testing::CommandResult result = testing::run_on_qemu(
        testing::write_all(made, board, testing::noise_images(made.plan, 1), KernelSet::host));
    EXPECT_EQ(result.status, 1) << name;
    EXPECT_THAT(result.output, HasSubstr("ended with 3")) << name;
  }
}

}  // namespace
}  // namespace thaw
