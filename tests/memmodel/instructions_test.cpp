// Predicted instructions: counted work of layers small enough to count by hand, and that every work of random
// networks has its cost.
#include "memmodel/cost/instructions.h"

#include <gtest/gtest.h>

#include "memmodel/device_plan.h"
#include "memmodel/kernel_choice.h"
#include "sim/base/file.h"
#include "tests/support/forward_only_network.h"
#include "tests/support/project_folders.h"
#include "tests/support/streaming_network.h"
#include "tests/support/varied_plan.h"

namespace thaw {
namespace {

Board board_named(const std::string& name) {
  return read_board(std::filesystem::path(testing::source_folder()) / "configs/boards" / (name + ".json"));
}

double count_of(const Work& work, const std::string& unit) {
  const auto found = work.units().find(unit);
  return found == work.units().end() ? 0 : found->second;
}

/// A 1x1 convolution of 10 to 6 channels on 3x3 pixels without a mask, all shifts -5.
Plan small_convolution(int8_t shift) {
  Plan plan;
  Buffer shifts;
  shifts.id = BufferId(0);
  shifts.data.assign(6, static_cast<std::byte>(shift));
  plan.buffers = {shifts};
  ConvolutionForward k;
  k.window.input_height = k.window.output_height = k.window.input_width = k.window.output_width = 3;
  k.window.input_channels = 10;
  k.window.output_channels = 6;
  k.weights = k.bias = k.shifts = BufferId(0);
  plan.steps.push_back({"layer", Phase::forward, OpId(), k, {}, {}, 540, -1});
  return plan;
}

TEST(Instructions, LoopsOfASmallConvolutionAreCounted) {
  const Plan plan = small_convolution(-5);
  const Work work = step_work(plan, plan.steps[0], DeviceKernels::dsp, false);
  // Nine pixels: two groups of four, and one alone. Ten channels: eight, no four more, a rest.
  EXPECT_EQ(count_of(work, "convolution: four pixels"), 2);
  EXPECT_EQ(count_of(work, "convolution: position"), 1);
  EXPECT_EQ(count_of(work, "convolution, odd: row"), 12);
  EXPECT_EQ(count_of(work, "convolution, odd: eight products"), 12);
  EXPECT_EQ(count_of(work, "convolution, odd: four more products"), 0);
  EXPECT_EQ(count_of(work, "convolution, odd: rest of a row"), 12);
  EXPECT_EQ(count_of(work, "convolution, any: output"), 6);  // of the pixel that is left over
  const Work helium = step_work(plan, plan.steps[0], DeviceKernels::helium, false);
  EXPECT_EQ(count_of(helium, "convolution, pixels: four limited outputs"), 6 * 3);
}

TEST(Instructions, ALargeFactorTakesTheLongWay) {
  const Plan plan = small_convolution(-1);
  const Work work = step_work(plan, plan.steps[0], DeviceKernels::dsp, false);
  EXPECT_EQ(count_of(work, "convolution, odd: row"), 0);
  EXPECT_EQ(count_of(work, "convolution, any: output of a large factor"), 6 * 9);
}

TEST(Instructions, TableIsAscending) {
  const auto table = instruction_costs();
  for (size_t i = 1; i < table.size(); ++i) EXPECT_LT(table[i - 1].unit, table[i].unit);
}

TEST(Instructions, ProcessorFollowsFromFlags) {
  Board board;
  board.cpu_flags = {"-mcpu=cortex-m7+nofp"};
  EXPECT_EQ(processor_of(board), Processor::cortex_m7);
  board.cpu_flags = {"-mcpu=cortex-m55", "-mfloat-abi=hard"};
  EXPECT_EQ(processor_of(board), Processor::cortex_m55_helium);
  board.cpu_flags = {"-mcpu=cortex-m55", "-mfloat-abi=soft"};
  EXPECT_EQ(processor_of(board), Processor::cortex_m55);
  board.cpu_flags = {"-mcpu=cortex-r5"};
  EXPECT_EQ(processor_of(board), std::nullopt);
}

/// Names of the work of all steps that the table does not know.
std::string unknown_work(const Plan& plan) {
  std::string unknown;
  for (const DeviceKernels kernels : {DeviceKernels::dsp, DeviceKernels::helium})
    for (const Step& step : plan.steps) {
      const Work work = step_work(plan, step, kernels, true);
      for (const auto& [unit, count] : work.units()) {
        Work alone;
        alone.add(unit, count);
        if (!instructions_of(alone, Processor::cortex_m7)) unknown += unit + "\n";
      }
    }
  return unknown;
}

TEST(Instructions, AllWorkOfRandomNetworksHasACost) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    EXPECT_EQ(unknown_work(testing::varied_plan(seed)), "");
    EXPECT_EQ(unknown_work(testing::operator_plan(seed)), "");
    EXPECT_EQ(unknown_work(testing::plan_of_seed(testing::forward_only_network(seed), seed)), "");
    EXPECT_EQ(unknown_work(testing::plan_of_seed(testing::streaming_network(seed), seed)), "");
  }
}

TEST(Instructions, InferenceIsLessThanATrainingStepAndThatTheSumOfItsKernels) {
  const Plan plan = testing::varied_plan(7);
  const PredictedInstructions predicted = predicted_instructions(plan, board_named("mps2-an500")).value();
  EXPECT_GT(predicted.inference, 0);
  EXPECT_GT(predicted.step, predicted.inference);
  int64_t sum = 0;
  for (const KernelInstructions& kernel : predicted.kernels) sum += kernel.instructions;
  EXPECT_LT(sum, predicted.step);  // the frame is the rest
  EXPECT_GT(sum, predicted.step / 2);
}

TEST(Instructions, MillisecondsFollowFromClockAndCycles) {
  Board board;
  EXPECT_EQ(milliseconds_of(board, 1000000), 0);
  board.clock_hz = 100000000;
  board.cycles_per_instruction = 1.5;
  EXPECT_DOUBLE_EQ(milliseconds_of(board, 1000000), 15);
}

}  // namespace
}  // namespace thaw
