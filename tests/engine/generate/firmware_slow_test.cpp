// Simulator = host-built engine = QEMU Cortex-M4 = M7 = M55: state, loss and predictions after each step; RAM
// as planned to the byte; flash as estimated; the stack inside its space.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

#include "tests/engine/generate/every_operator.h"
#include "tests/engine/generate/firmware.h"
#include "tests/engine/generate/model_firmware.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/random_network.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::board_named;
using testing::expect_same_bits;
using ::testing::HasSubstr;
using testing::Images;
using testing::images_of;
using testing::Model;
using testing::noise_images;
using testing::PlannedFirmware;
using testing::read_model;
using testing::run_command;
using testing::run_on_qemu;
using testing::small_firmware;
using testing::test_folder;
using testing::with_ram;
using testing::write_all;
using testing::write_firmware;

const char* const kBoards[] = {"mps2-an386", "mps2-an500", "mps3-an547", "mps3-an547-helium"};
constexpr int64_t kLargeRam = 512 * 1024;  // what QEMU's smallest board has

/// Bits, RAM to the byte, stack; flash within 5 % of the estimate where the model is no toy. Returns
/// instructions a training step by board.
std::map<std::string, int64_t> expect_equal_on_boards(const PlannedFirmware& made, const Images& images,
                                                      bool check_flash = true) {
  std::map<std::string, int64_t> instructions;
  for (const char* name : kBoards) {
    Board board = board_named(name);
    if (!totals(made.plan, made.layout, board).ram.fits()) board = with_ram(board, kLargeRam);
    SCOPED_TRACE(board.name);
    const MemoryTotals sizes = totals(made.plan, made.layout, board);
    const nlohmann::json report = expect_same_bits(write_all(made, board, images, KernelSet::host));
    EXPECT_EQ(report["training_steps"], images.size());
    EXPECT_EQ(report["ram_bytes"], sizes.ram.required);
    EXPECT_LT(report["stack_bytes_used"], sizes.stack);
    EXPECT_GT(report["stack_bytes_used"], 200);
    EXPECT_GT(report["instructions_per_training_step"], sizes.macs_per_step());
    if (check_flash) {
      EXPECT_NEAR(report["flash_bytes"].get<double>(), static_cast<double>(sizes.flash.required),
                  0.05 * static_cast<double>(sizes.flash.required));
      EXPECT_NEAR(report["flash_bytes"].get<double>() - static_cast<double>(sizes.constants),
                  static_cast<double>(sizes.code), 0.05 * static_cast<double>(sizes.code));
    }
    instructions[name] = report["instructions_per_training_step"].get<int64_t>();
  }
  return instructions;
}

void expect_equal_on_host(const PlannedFirmware& made, const Images& images,
                          const std::string& options = "") {
  const nlohmann::json report =
      expect_same_bits(write_all(made, board_named("host"), images, KernelSet::portable), options);
  EXPECT_EQ(report["training_steps"], images.size());
}

// ---- random networks: every geometry, every fraction width, one and two gradient sources ------------------

PlannedFirmware random_firmware(uint32_t seed) {
  const Network network = reduce(testing::RandomNetwork(seed).graph(), {.fresh_classifier = seed % 2 == 0});
  Schedule schedule = testing::random_schedule(network, seed);
  schedule.training.learning_rate = 0.01;
  schedule.training.seed = seed;
  return PlannedFirmware(network, schedule, 40);
}

class RandomFirmwareSlow : public ::testing::TestWithParam<uint32_t> {};

TEST_P(RandomFirmwareSlow, RunsOnTheHostUnderSanitizers) {
  const PlannedFirmware made = random_firmware(GetParam());
  expect_equal_on_host(made, noise_images(made.plan, 40),
                       "'--optimize=-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all'");
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFirmwareSlow, ::testing::Range(1U, 9U));

TEST(FirmwareSlow, RandomNetworksOnEveryBoard) {
  for (uint32_t seed : {11U, 12U}) {
    SCOPED_TRACE(seed);
    const PlannedFirmware made = random_firmware(seed);
    expect_equal_on_boards(made, noise_images(made.plan, 10), false);
  }
}

TEST(FirmwareSlow, EveryOperator) {
  const Network network = reduce(testing::EveryOperator().graph(), {});
  Schedule schedule;
  schedule.classes = 4;
  schedule.update = {{2, "classifier", true, UpdatedWeights::all, {}}};
  const PlannedFirmware made(network, schedule, 20);
  for (const char* kernel : {"pad", "transpose", "max pool", "average pool", "requantize", "quantize",
                             "dequantize", "softmax", "mean", "add"})
    EXPECT_TRUE(std::any_of(made.plan.steps.begin(), made.plan.steps.end(), [&](const Step& step) {
      return kernel == std::string(kernel_name(step.kernel));
    })) << kernel;
  expect_equal_on_host(made, noise_images(made.plan, 20));
  expect_equal_on_boards(made, noise_images(made.plan, 20), false);
}

TEST(FirmwareSlow, NothingUpdatedIsInferenceAndLoss) {
  Schedule schedule;
  schedule.classes = 2;
  const PlannedFirmware made(reduce(testing::SmallModel().graph(), {.classes = 2}), schedule, 20);
  expect_equal_on_host(made, noise_images(made.plan, 5));
}

// ---- models -----------------------------------------------------------------------------------------------

TEST(FirmwareSlow, ReferenceModelFor200StepsOnHostAndEveryBoard) {
  for (const char* schedule : {"biases", "last-blocks"}) {
    SCOPED_TRACE(schedule);
    const Model model =
        read_model(testing::kConfigs / "models/reference.tflite",
                   testing::kConfigs / "schedules/reference" / (std::string(schedule) + ".json"));
    const PlannedFirmware made(model.network, model.schedule, 200);
    // The images of the demonstration where they are installed; the bits do not depend on what is seen.
    const fs::path data = "/usr/share/datasets/fashion-mnist";
    const Images images =
        fs::exists(data) ? images_of(model.network, data, 1, 200) : noise_images(made.plan, 200);
    expect_equal_on_host(made, images);
    expect_equal_on_boards(made, images);
  }
}

/// Training steps of the published network, on the host and on every board: some 16 billion instructions
/// each.
constexpr size_t kPublishedSteps = 200;

/// Instructions a training step, counted exactly by QEMU; Tiny Training Engine takes 106.4 million on the M7
/// and 120.1 million on the M4 with the 49 KB schedule, at -Ofast.
const std::map<std::string, int64_t> kMostInstructions = {
    {"mps2-an386", 90'000'000}, {"mps2-an500", 80'000'000}, {"mps3-an547-helium", 36'000'000}};

void published_network(const std::string& schedule, const std::string& data) {
  const Model model = read_model(*testing::shared_folder() / "models/mcunet-5fps.tflite",
                                 testing::kConfigs / "schedules/mcunet-5fps" / (schedule + ".json"));
  const PlannedFirmware made(model.network, model.schedule, 200);
  const Images images =
      images_of(model.network, *testing::shared_folder() / "data" / data, 1, kPublishedSteps);
  expect_equal_on_host(made, images);
  for (const auto& [board, instructions] : expect_equal_on_boards(made, images)) {
    std::printf("%s, %s: %lld instructions a training step\n", schedule.c_str(), board.c_str(),
                static_cast<long long>(instructions));
    const auto bar = kMostInstructions.find(board);
    if (schedule == "49kb" && bar != kMostInstructions.end()) {
      EXPECT_LE(instructions, bar->second) << board;
    }
  }
}

TEST(FirmwareSlow, PublishedNetwork49KbOnCifar) {
  THAW_REQUIRE_SHARED();
  published_network("49kb", "cifar10-small");
}

TEST(FirmwareSlow, PublishedNetwork99KbOnPersons) {
  THAW_REQUIRE_SHARED();
  published_network("99kb", "vww-coco-mini");
}

// ---- limits -----------------------------------------------------------------------------------------------

TEST(FirmwareSlow, AnOverflowingStackIsReported) {
  const PlannedFirmware made = small_firmware();
  for (const char* name : kBoards) {
    Board board = board_named(name);
    board.stack_bytes = 256;
    const testing::CommandResult result =
        run_on_qemu(write_all(made, board, noise_images(made.plan, 1), KernelSet::host));
    EXPECT_EQ(result.status, 1) << name;
    EXPECT_THAT(result.output, HasSubstr("the stack overflowed")) << name;
    EXPECT_THAT(result.output, HasSubstr("ended with 3")) << name;
  }
}

TEST(FirmwareSlow, TheLinkerRefusesMoreThanTheBoardHas) {
  const PlannedFirmware made = small_firmware();
  for (const char* name : kBoards) {
    Board board = board_named(name);
    board.ram_bytes = totals(made.plan, made.layout, board).ram.required;
    const fs::path folder = write_all(made, board, noise_images(made.plan, 1), KernelSet::host);
    expect_same_bits(folder);  // not a byte is spare
    const fs::path script = folder / "engine/port" / board.port / "link.ld";
    std::stringstream text;
    text << std::ifstream(script).rdbuf();
    std::string smaller = text.str();
    const std::string length = "LENGTH = " + std::to_string(board.ram_bytes);
    smaller.replace(smaller.find(length), length.size(), "LENGTH = " + std::to_string(board.ram_bytes - 1));
    write_file_atomically(script, smaller);
    fs::remove(folder / "firmware.elf");
    const testing::CommandResult result = run_on_qemu(folder);
    EXPECT_EQ(result.status, 1) << name;
    EXPECT_THAT(result.output, HasSubstr("overflowed by 1 byte")) << name;
  }
}

// ---- what a compiler says ---------------------------------------------------------------------------------

TEST(FirmwareSlow, CompilesFreestandingWithoutWarnings) {
  const PlannedFirmware made = random_firmware(3);
  const std::string strict =
      " -std=c11 -ffreestanding -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wstrict-prototypes "
      "-Wcast-qual -Wvla -Werror -I. -c ";
  const std::string arm = "arm-none-eabi-gcc -mthumb -mfloat-abi=soft -mcpu=";
  const std::pair<const char*, std::vector<std::string>> folders[] = {
      {"host", {"gcc", arm + "cortex-m0"}},  // portable kernels
      {"mps2-an500", {arm + "cortex-m4", arm + "cortex-m7", arm + "cortex-m33", arm + "cortex-m55"}}};
  fs::path folder;
  for (const auto& [board, compilers] : folders) {
    folder = test_folder(board);
    write_firmware(folder, made.request(board_named(board)));
    for (const std::string& compiler : compilers)
      for (const char* optimize : {"-O0", "-O2", "-O3"}) {
        const testing::CommandResult result =
            run_command("cd '" + folder.string() +
                        "' && for f in thaw_model.c engine/runtime/*.c engine/kernels/*.c; do " + compiler +
                        strict + optimize + " $f -o unit.o || exit 1; done");
        EXPECT_EQ(result.status, 0) << compiler << " " << optimize << "\n" << result.output;
      }
  }
  const testing::CommandResult header = run_command(
      "cd '" + folder.string() +
      "' && echo '#include \"thaw_model.h\"' | g++ -std=c++17 -Wall -Wextra -Wpedantic -Wconversion "
      "-Wshadow -Werror -I. -fsyntax-only -x c++ -");
  EXPECT_THAT(header.output, ::testing::Not(HasSubstr("error: "))) << header.output;
}

TEST(FirmwareSlow, BuildsWithCMake) {
  const fs::path folder = test_folder("cmake");
  write_firmware(folder, small_firmware().request(board_named("host")));
  const testing::CommandResult result = run_command(
      "cmake -S '" + folder.string() + "' -B '" + (folder / "build").string() + "' && cmake --build '" +
      (folder / "build").string() + "' --target thaw_model --target thaw_model_firmware");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_TRUE(fs::exists(folder / "build/thaw_model_firmware"));
}

TEST(FirmwareSlow, HasNoWritableGlobalsButArenaAndStateAndNeedsNoLibrary) {
  const fs::path folder = test_folder("symbols");
  Board board = board_named("mps2-an500");
  write_firmware(folder, random_firmware(3).request(board));
  ASSERT_EQ(run_command("make -s -C '" + folder.string() + "'").status, 0);
  const testing::CommandResult writable =
      run_command("arm-none-eabi-nm '" + (folder / "libthaw_model.a").string() +
                  "' | awk '$2 ~ /^[bBdDcC]$/ {print $3}' | sort");
  EXPECT_EQ(writable.output, "state\nthaw_arena\n");
  // Undefined in the archive as a whole: what a compiler may always call.
  const testing::CommandResult undefined = run_command(
      "cd '" + folder.string() +
      "' && arm-none-eabi-nm libthaw_model.a | awk '$1 == \"U\" {print $2}' | sort -u > undefined && "
      "arm-none-eabi-nm libthaw_model.a | awk '$2 ~ /^[TR]$/ {print $3}' | sort -u > defined && "
      "comm -23 undefined defined | grep -v -E '^(__aeabi_[a-z0-9_]+|memcpy|memset|memmove)$'");
  EXPECT_EQ(undefined.output, "");
}

}  // namespace
}  // namespace thaw
