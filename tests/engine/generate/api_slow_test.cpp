// The generated API: misuse, states that go back, and 1,000 power cuts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/graph/tflite_reader.h"
#include "sim/plan/schedule_json.h"
#include "tests/engine/generate/firmware.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

/// Compiles a driver of this folder with the generated sources and runs it.
testing::CommandResult run_driver(const std::string& driver, const testing::PlannedFirmware& made,
                                  const std::string& options = "") {
  const fs::path folder = testing::test_folder("host");
  testing::write_firmware(folder, made.request(testing::board_named("host")));
  const std::string source = std::string(testing::source_folder()) + "/tests/engine/generate/" + driver;
  return testing::run_command("cd '" + folder.string() +
                              "' && gcc -std=c11 -O2 -g -Wall -Wextra -Werror -fsanitize=address,undefined "
                              "-fno-sanitize-recover=all -I. " +
                              options + " -o driver '" + source +
                              "' thaw_model.c engine/runtime/*.c engine/kernels/*.c -lm && ./driver");
}

testing::PlannedFirmware reference_firmware(InputBy input) {
  const fs::path configs = fs::path(testing::source_folder()) / "configs";
  Schedule schedule = read_schedule_file(configs / "schedules/reference/last-blocks.json");
  schedule.input_by = input;
  const Network network =
      reduce(read_tflite(configs / "models/reference.tflite"),
             {.classes = schedule.classes, .fresh_classifier = schedule.training.fresh_classifier});
  return testing::PlannedFirmware(network, schedule, 1000);
}

TEST(FirmwareApiSlow, UsesAndMisuses) {
  for (InputBy input : {InputBy::image, InputBy::rows}) {
    const testing::CommandResult result =
        run_driver("api_driver.c", reference_firmware(input), "-DTHAW_STEP_HOOK=count_step");
    EXPECT_EQ(result.status, 0) << "input by " << input_by_name(input) << "\n" << result.output;
  }
}

TEST(FirmwareApiSlow, SurvivesAThousandPowerCuts) {
  const testing::CommandResult result = run_driver("power_cut_driver.c", testing::small_firmware());
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, ::testing::HasSubstr("lives began with the last complete state"));
}

}  // namespace
}  // namespace thaw
