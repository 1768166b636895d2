// The host kernels against the engine's portable ones on a whole published network and schedule: every
// buffer after every step of training, for every instruction set of this processor.
#include <gtest/gtest.h>

#include "sim/graph/tflite_reader.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "sim/plan/schedule_json.h"
#include "tests/support/compare_kernels.h"
#include "tests/support/project_folders.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

class PublishedNetworkSlow : public ::testing::TestWithParam<InstructionSet> {};

TEST_P(PublishedNetworkSlow, TwentyStepsOf99KilobytesAreEqual) {
  THAW_REQUIRE_SHARED();
  if (GetParam() > best_instruction_set()) GTEST_SKIP() << "this processor lacks these instructions";
  const Graph graph = read_tflite(*testing::shared_folder() / "models" / "mcunet-5fps.tflite");
  const Schedule schedule = read_schedule_file(std::filesystem::path(testing::source_folder()) /
                                               "configs/schedules/mcunet-5fps/99kb.json");
  const Network network = reduce(graph, {schedule.classes, true, true});
  const Plan plan = run_passes(lower(network, schedule));
  const int32_t steps = GetParam() == InstructionSet::portable ? 3 : 20;
  testing::expect_equal_training(plan, steps, GetParam(), {quantize_learning_rate(0.002)});
}

INSTANTIATE_TEST_SUITE_P(Sets, PublishedNetworkSlow, ::testing::ValuesIn(instruction_sets()),
                         [](const auto& test) { return std::string(instruction_set_name(test.param)); });

}  // namespace
}  // namespace thaw
