// Which rate of its schedule a generated model uses.
#include <gtest/gtest.h>

#include "tests/engine/generate/firmware.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

TEST(ScheduleRate, PastTheEndOfAScheduleItsLastRateGoesOn) {
  testing::PlannedFirmware made = testing::small_firmware();
  made.rates = cosine_learning_rates(64.0, 128.0, 32.0);  // so large that one step tells rates apart
  const std::filesystem::path folder = testing::test_folder("host");
  testing::write_firmware(folder, made.request(testing::board_named("host")));
  const testing::CommandResult result = testing::run_command(
      "cd '" + folder.string() + "' && gcc -std=c11 -O0 -Wall -Wextra -Werror -I. -o driver '" +
      testing::source_folder() +
      "/tests/engine/generate/schedule_driver.c' thaw_model.c engine/runtime/*.c " +
      "engine/kernels/*.c && ./driver");
  EXPECT_EQ(result.status, 0) << result.output;
}

}  // namespace
}  // namespace thaw
