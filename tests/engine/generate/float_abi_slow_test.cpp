// Firmware for processors with a floating point unit, with floats passed in its registers (hard) or not
// (softfp): it compiles for each of them and has the simulator's bits.
#include <gtest/gtest.h>

#include "tests/engine/generate/every_operator.h"
#include "tests/engine/generate/firmware.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::board_named;
using testing::PlannedFirmware;
using testing::run_command;
using testing::test_folder;

struct FloatProcessor {
  const char* board;
  const char* flags;
};

constexpr FloatProcessor kProcessors[] = {{"mps2-an386", "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16"},
                                          {"mps2-an500", "-mcpu=cortex-m7 -mfpu=fpv5-d16"},
                                          {"mps3-an547", "-mcpu=cortex-m55+nomve"},
                                          {"mps3-an547", "-mcpu=cortex-m55"}};

/// The board of configs/boards, its code compiled for the floating point unit.
Board board_with_floats(const FloatProcessor& processor, const std::string& abi) {
  Board board = board_named(processor.board);
  board.port = board.name;
  board.name += "-" + abi;
  board.cpu_flags = {processor.flags, "-mthumb", "-mfloat-abi=" + abi};
  return board;
}

/// Expects the simulator's bits, RAM as planned and a stack inside its space.
void expect_equal(const PlannedFirmware& made, const Board& board) {
  SCOPED_TRACE(board.name);
  const fs::path folder = test_folder(board.name);
  testing::write_firmware(folder, made.request(board));
  testing::write_check(
      folder, firmware_trace(made.plan, made.layout.offsets, KernelSet::portable, made.seed,
                             made.schedule_steps, made.samples(testing::noise_images(made.plan, 20))));
  const nlohmann::json report = testing::expect_same_bits(folder);
  EXPECT_EQ(report["training_steps"], 20);
  const std::string attributes =
      run_command("arm-none-eabi-readelf -A '" + (folder / "firmware.elf").string() + "'").output;
  EXPECT_EQ(attributes.find("Tag_ABI_VFP_args: VFP registers") != std::string::npos,
            board.cpu_flags.back() == "-mfloat-abi=hard")
      << attributes;
}

TEST(FloatAbiSlow, TrainingHasTheSameBits) {
  const PlannedFirmware made = testing::small_firmware();
  for (const FloatProcessor& processor : kProcessors)
    expect_equal(made, board_with_floats(processor, "hard"));
  for (size_t processor : {1, 3}) expect_equal(made, board_with_floats(kProcessors[processor], "softfp"));
}

TEST(FloatAbiSlow, EveryOperatorHasTheSameBits) {
  Schedule schedule;
  schedule.classes = 4;
  schedule.update = {{2, "classifier", true, UpdatedWeights::all, {}}};
  const PlannedFirmware made(reduce(testing::EveryOperator().graph(), {}), schedule, 20);
  for (const FloatProcessor& processor : kProcessors)
    expect_equal(made, board_with_floats(processor, "hard"));
}

TEST(FloatAbiSlow, EveryDspKernelCompilesAtOtherLevelsOfOptimisation) {
  for (const char* cpu : {"cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"})
    for (const char* optimize : {"-O0", "-Os", "-O3"}) {  // -O2 is the Makefile's
      const std::string folder = test_folder(std::string(cpu) + optimize).string();
      const testing::CommandResult result = run_command(
          std::string("cd ") + testing::source_folder() +
          " && for f in engine/kernels/dsp/*.c engine/kernels/columns.c; do arm-none-eabi-gcc -std=c11 "
          "-mthumb -mfloat-abi=hard -Wall -Wextra -Werror -I. -mcpu=" +
          cpu + " " + optimize + " -c $f -o '" + folder + "/unit.o' || exit 1; done");
      EXPECT_EQ(result.status, 0) << cpu << " " << optimize << "\n" << result.output;
    }
}

TEST(FloatAbiSlow, EveryHeliumKernelCompilesAtEveryLevelOfOptimisation) {
  const std::string folder = test_folder("helium").string();
  for (const char* compiler : {"arm-none-eabi-gcc", "clang --target=arm-none-eabi -ffreestanding"})
    for (const char* optimize : {"-O0", "-Os", "-O2", "-O3"}) {
      const testing::CommandResult result =
          run_command(std::string("cd ") + testing::source_folder() +
                      " && for f in engine/kernels/helium/*.c; do " + compiler +
                      " -std=c11 -mthumb -mcpu=cortex-m55 -mfloat-abi=hard -Wall -Wextra -Wconversion "
                      "-Wshadow -Werror -I. " +
                      optimize + " -c $f -o '" + folder + "/unit.o' || exit 1; done");
      EXPECT_EQ(result.status, 0) << compiler << " " << optimize << "\n" << result.output;
    }
}

TEST(FloatAbiSlow, AHeliumKernelCompiledWithoutHeliumSaysWhatToDo) {
  const testing::CommandResult result = run_command(
      std::string("cd ") + testing::source_folder() +
      " && arm-none-eabi-gcc -std=c11 -mthumb -mcpu=cortex-m55 -mfloat-abi=soft -I. -fsyntax-only "
      "engine/kernels/helium/conv2d_helium.c");
  EXPECT_NE(result.status, 0);
  EXPECT_NE(result.output.find("-mfloat-abi=hard"), std::string::npos) << result.output;
}

TEST(FloatAbiSlow, BuildsWithCMakeForAProcessorWithoutPort) {
  Board board = board_named("cortex-m4-192k");
  board.name = "cortex-m33-hard";
  board.cpu_flags = {"-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard"};
  const fs::path folder = test_folder("cmake");
  testing::write_firmware(folder, testing::small_firmware().request(board));
  const std::string build = (folder / "build").string();
  const testing::CommandResult result =
      run_command("cmake -S '" + folder.string() + "' -B '" + build +
                  "' -DCMAKE_SYSTEM_NAME=Generic -DCMAKE_C_COMPILER=arm-none-eabi-gcc "
                  "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY -DCMAKE_BUILD_TYPE=Release "
                  "-DCMAKE_C_FLAGS='-mcpu=cortex-m33 -mthumb -mfloat-abi=hard' && cmake --build '" +
                  build + "'");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_TRUE(fs::exists(folder / "build/libthaw_model.a"));
}

}  // namespace
}  // namespace thaw
