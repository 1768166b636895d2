// The compilers and settings of other people's projects: code for size at full speed, clang, callers in C++,
// and what no kernel for DSP instructions can be compiled for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/generate/firmware.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::board_named;
using ::testing::HasSubstr;
using testing::PlannedFirmware;
using testing::run_command;
using testing::small_firmware;
using testing::test_folder;

/// The Cortex-M7 firmware of a model with a few thousand weights to train, and what the simulator says.
fs::path checked_firmware() {
  const PlannedFirmware made = small_firmware();
  fs::path folder = test_folder("m7");
  testing::write_firmware(folder, made.request(board_named("mps2-an500")));
  testing::write_check(
      folder, firmware_trace(made.plan, made.layout.offsets, KernelSet::portable, made.seed,
                             made.schedule_steps, made.samples(testing::noise_images(made.plan, 5))));
  return folder;
}

TEST(CompilersSlow, CodeForSizeKeepsTheSpeedOfTheHotKernels) {
  const fs::path folder = checked_firmware();
  const auto instructions = [&](const char* optimize) {
    return testing::expect_same_bits(folder, optimize)["instructions_per_training_step"].get<double>();
  };
  EXPECT_LE(instructions("--optimize=-Os"), 1.1 * instructions("--optimize=-O2"));
}

TEST(CompilersSlow, ClangCompilesEveryDspKernel) {
  const std::string object = (test_folder("clang") / "unit.o").string();
  for (const char* flags : {"-mcpu=cortex-m4 -mfloat-abi=soft -O0", "-mcpu=cortex-m7 -mfloat-abi=hard -Os",
                            "-mcpu=cortex-m33 -mfloat-abi=hard -O2"}) {
    const testing::CommandResult result = run_command(
        std::string("cd ") + testing::source_folder() +
        " && for f in engine/kernels/dsp/*.c engine/kernels/columns.c engine/kernels/gradient_rows.c; do "
        "clang --target=arm-none-eabi -mthumb -ffreestanding -std=c11 -Wall -Wextra -Wconversion -Wshadow "
        "-Werror -I. " +
        flags + " -c $f -o '" + object + "' || exit 1; done");
    EXPECT_EQ(result.status, 0) << flags << "\n" << result.output;
  }
}

TEST(CompilersSlow, DspKernelsRefuseABigEndianProcessor) {
  const testing::CommandResult result =
      run_command(std::string("cd ") + testing::source_folder() +
                  " && arm-none-eabi-gcc -std=c11 -mthumb -mcpu=cortex-m4 -mfloat-abi=soft -mbig-endian -I. "
                  "-fsyntax-only engine/kernels/dsp/gradient_dsp.c");
  EXPECT_NE(result.status, 0);
  EXPECT_THAT(result.output, HasSubstr("little-endian"));
}

TEST(CompilersSlow, AProgramInCxxCallsTheModel) {
  const PlannedFirmware made = small_firmware();
  const fs::path folder = test_folder("host");
  testing::write_firmware(folder, made.request(board_named("host")));
  write_file_atomically(folder / "caller.cpp", R"(#include "thaw_model.h"
static int8_t image[THAW_INPUT_BYTES];
int main() {
  thaw_init(1);
  return thaw_train_step(image, 0) == THAW_OK && thaw_infer(image) >= 0 ? 0 : 1;
}
)");
  const testing::CommandResult result = run_command(
      "cd '" + folder.string() +
      "' && make -s libthaw_model.a && g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -I. caller.cpp "
      "libthaw_model.a -o caller && ./caller");
  EXPECT_EQ(result.status, 0) << result.output;
}

}  // namespace
}  // namespace thaw
