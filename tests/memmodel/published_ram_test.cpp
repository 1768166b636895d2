// RAM of the paper's network with its published schedules, to the byte.
#include <gtest/gtest.h>

#include "memmodel/board.h"
#include "memmodel/planner.h"
#include "memmodel/totals.h"
#include "memmodel/validator.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/network.h"
#include "sim/plan/schedule_json.h"
#include "sim/plan/training_plan.h"
#include "tests/support/project_folders.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

MemoryTotals published(const std::string& schedule_name) {
  const std::filesystem::path configs = std::filesystem::path(testing::source_folder()) / "configs";
  const Schedule schedule = read_schedule_file(configs / "schedules/mcunet-5fps" / (schedule_name + ".json"));
  const Network network = reduce(read_tflite(*testing::shared_folder() / "models/mcunet-5fps.tflite"),
                                 {.classes = schedule.classes, .fresh_classifier = true});
  const Plan plan = training_plan(network, schedule);
  const Layout layout = plan_layout(plan);
  EXPECT_EQ(layout_violations(plan, layout), std::vector<std::string>{});
  EXPECT_TRUE(layout.proven_optimal);
  return totals(plan, layout, read_board(configs / "boards/mps2-an500.json"));
}

// Tiny Training Engine needs 253,944 bytes for the first of them.
TEST(PublishedRam, Of49KbScheduleIsBelow128KiB) {
  THAW_REQUIRE_SHARED();
  const MemoryTotals sizes = published("49kb");
  std::printf("mcunet-5fps, 49 KB schedule: %lld bytes of RAM\n", static_cast<long long>(sizes.ram.required));
  EXPECT_LE(sizes.ram.required, 128 * 1024);
}

TEST(PublishedRam, Of99KbScheduleIsBelow220000Bytes) {
  THAW_REQUIRE_SHARED();
  const MemoryTotals sizes = published("99kb");
  std::printf("mcunet-5fps, 99 KB schedule: %lld bytes of RAM\n", static_cast<long long>(sizes.ram.required));
  EXPECT_LE(sizes.ram.required, 220'000);
}

}  // namespace
}  // namespace thaw
