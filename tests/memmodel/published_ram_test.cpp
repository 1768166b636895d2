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

MemoryTotals published(const std::string& schedule_name, InputBy input = InputBy::image) {
  const std::filesystem::path configs = std::filesystem::path(testing::source_folder()) / "configs";
  Schedule schedule = read_schedule_file(configs / "schedules/mcunet-5fps" / (schedule_name + ".json"));
  schedule.input_by = input;
  const Network network = reduce(read_tflite(*testing::shared_folder() / "models/mcunet-5fps.tflite"),
                                 {.classes = schedule.classes, .fresh_classifier = true});
  const Plan plan = training_plan(network, schedule);
  const Layout layout = plan_layout(plan);
  EXPECT_EQ(layout_violations(plan, layout), std::vector<std::string>{});
  EXPECT_TRUE(layout.proven_optimal);
  return totals(plan, layout, read_board(configs / "boards/mps2-an500.json"));
}

struct Published {
  const char* schedule;
  InputBy input;
  int64_t most_bytes;
};

// Tiny Training Engine needs 253,944 bytes for the first schedule.
TEST(PublishedRam, StaysBelowItsBars) {
  THAW_REQUIRE_SHARED();
  for (const Published& bar : {Published{"49kb", InputBy::image, 108'000},
                               {"49kb", InputBy::rows, 79'800},
                               {"99kb", InputBy::image, 169'200},
                               {"99kb", InputBy::rows, 151'600}}) {
    const MemoryTotals sizes = published(bar.schedule, bar.input);
    std::printf(
        "mcunet-5fps, %s schedule, input by %s: %lld bytes of RAM (arena %lld, persistent %lld, stack "
        "%lld)\n",
        bar.schedule, input_by_name(bar.input), static_cast<long long>(sizes.ram.required),
        static_cast<long long>(sizes.arena), static_cast<long long>(sizes.persistent),
        static_cast<long long>(sizes.stack));
    EXPECT_LE(sizes.ram.required, bar.most_bytes) << bar.schedule;
  }
}

}  // namespace
}  // namespace thaw
