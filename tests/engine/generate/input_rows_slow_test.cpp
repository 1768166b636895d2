// Input by rows on devices: the simulator's bits after 200 steps, RAM as planned to the byte and below that
// of the whole image.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/engine/generate/firmware.h"
#include "tests/engine/generate/model_firmware.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using testing::board_named;
using testing::Model;
using testing::PlannedFirmware;

Model by_rows(Model model) {
  model.schedule.input_by = InputBy::rows;
  return model;
}

/// Runs on the board; expects the simulator's bits and the planned RAM.
nlohmann::json expect_equal_by_rows(const PlannedFirmware& made, const std::string& board_name,
                                    size_t steps) {
  SCOPED_TRACE(board_name);
  const Board board = board_named(board_name);
  const MemoryTotals sizes = totals(made.plan, made.layout, board);
  const nlohmann::json report = testing::expect_same_bits(
      testing::write_all(made, board, testing::noise_images(made.plan, steps), KernelSet::host));
  EXPECT_EQ(report["training_steps"], steps);
  if (report.contains("ram_bytes")) {
    EXPECT_EQ(report["ram_bytes"], sizes.ram.required);
    EXPECT_LT(report["stack_bytes_used"], sizes.stack);
  }
  return report;
}

TEST(InputRowsSlow, ReferenceModelFor200StepsOnHostM4AndM7) {
  const Model model =
      by_rows(testing::read_model(testing::kConfigs / "models/reference.tflite",
                                  testing::kConfigs / "schedules/reference/last-blocks.json"));
  const PlannedFirmware made(model.network, model.schedule, 200);
  EXPECT_EQ(made.plan.buffer(made.plan.inputs[0]).kind, BufferKind::caller);
  for (const char* board : {"host", "mps2-an386", "mps2-an500"}) expect_equal_by_rows(made, board, 200);
}

TEST(InputRowsSlow, PublishedNetworkTakesThePlannedRam) {
  THAW_REQUIRE_SHARED();
  for (const char* schedule : {"49kb", "99kb"}) {
    const Model model = by_rows(
        testing::read_model(*testing::shared_folder() / "models/mcunet-5fps.tflite",
                            testing::kConfigs / "schedules/mcunet-5fps" / (std::string(schedule) + ".json")));
    const PlannedFirmware made(model.network, model.schedule, 200);
    const nlohmann::json report = expect_equal_by_rows(made, "mps2-an500", 3);
    std::printf(
        "%s by rows: %lld bytes of RAM, %lld of stack used, %lld instructions a step, %lld an inference\n",
        schedule, report["ram_bytes"].get<long long>(), report["stack_bytes_used"].get<long long>(),
        report["instructions_per_training_step"].get<long long>(),
        report["instructions_per_inference"].get<long long>());
    EXPECT_NEAR(report["flash_bytes"].get<double>(), report["flash_bytes_estimated"].get<double>(),
                0.05 * report["flash_bytes_estimated"].get<double>());
  }
}

}  // namespace
}  // namespace thaw
