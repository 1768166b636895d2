// Totals of plans small enough to add up by hand, and the state structure.
#include "memmodel/totals.h"

#include <gtest/gtest.h>

#include "memmodel/planner.h"
#include "memmodel/state_layout.h"
#include "tests/memmodel/bare_plan.h"

namespace thaw {
namespace {

using testing::plan_of;

BufferId add_buffer(Plan& plan, BufferKind kind, int64_t bytes, int32_t alignment) {
  Buffer buffer;
  buffer.id = BufferId(plan.buffers.size());
  buffer.kind = kind;
  buffer.bytes = bytes;
  buffer.alignment = alignment;
  plan.buffers.push_back(buffer);
  return buffer.id;
}

void add_step(Plan& plan, Phase phase, Kernel kernel, int64_t macs) {
  Step step;
  step.phase = phase;
  step.kernel = std::move(kernel);
  step.macs = macs;
  plan.steps.push_back(step);
}

/// Arena of 21 bytes (8 + 12 at step 1, the smaller one ends at 20 or 12), 3 state buffers, 2 constants.
Plan small_plan() {
  Plan plan = plan_of({{8, 4, 0, 1}, {12, 4, 1, 2}, {1, 1, 1, 1}});
  plan.buffers[1].kind = BufferKind::gradient;
  plan.buffers[2].kind = BufferKind::mask;
  add_buffer(plan, BufferKind::state, 3, 1);
  add_buffer(plan, BufferKind::state, 16, 8);
  add_buffer(plan, BufferKind::state, 6, 2);
  add_buffer(plan, BufferKind::constant, 5, 1);
  add_buffer(plan, BufferKind::constant, 8, 4);
  ConvolutionForward depthwise;
  depthwise.depthwise = true;
  add_step(plan, Phase::forward, ConvolutionForward(), 100);
  add_step(plan, Phase::forward, depthwise, 30);
  add_step(plan, Phase::forward, ConvolutionForward(), 200);
  add_step(plan, Phase::forward, ClassifierForward(), 7);
  add_step(plan, Phase::loss, SoftmaxLoss(), 0);
  add_step(plan, Phase::backward, FeatureGradient(), 7);
  add_step(plan, Phase::backward, MakeGradient(), 1000);
  add_step(plan, Phase::update, UpdateWeights(), 5000);
  add_step(plan, Phase::update, UpdateBiases(), 0);
  add_step(plan, Phase::update, UpdateClassifier(), 9);
  return plan;
}

Board small_board(int64_t ram, int64_t flash) {
  Board board;
  board.ram_bytes = ram;
  board.flash_bytes = flash;
  board.stack_bytes = 64;
  return board;
}

TEST(StateLayout, IsAStructureWithoutInnerPadding) {
  const StateLayout layout = state_layout(small_plan());
  EXPECT_EQ(layout.offsets[4], 0);   // 16 bytes, alignment 8
  EXPECT_EQ(layout.offsets[5], 16);  // 6 bytes, alignment 2
  EXPECT_EQ(layout.offsets[3], 22);  // 3 bytes
  EXPECT_FALSE(layout.offsets[0]);
  EXPECT_FALSE(layout.offsets[6]);
  EXPECT_EQ(layout.bytes, 32);  // 25 rounded up to 8
}

TEST(StateLayout, MovesMembersUpToTheirAlignment) {
  Plan plan;
  add_buffer(plan, BufferKind::state, 5, 4);
  add_buffer(plan, BufferKind::state, 2, 2);
  const StateLayout layout = state_layout(plan);
  EXPECT_EQ(layout.offsets[1], 6);
  EXPECT_EQ(layout.bytes, 8);
  EXPECT_EQ(state_layout(Plan()).bytes, 0);
}

TEST(StateLayout, BeginsWithTheSessionOfATrainingPlan) {
  Plan plan = small_plan();
  plan.result = BufferId(size_t{4});
  const StateLayout layout = state_layout(plan);
  EXPECT_EQ(layout.session, 0);
  EXPECT_EQ(layout.offsets[4], kSessionBytes);
  EXPECT_EQ(layout.bytes, 32 + kSessionBytes);
  EXPECT_FALSE(state_layout(small_plan()).session);
}

TEST(Totals, AddUp) {
  const Plan plan = small_plan();
  const Layout layout = plan_layout(plan);
  ASSERT_EQ(layout.peak, 21);
  const MemoryTotals sum = totals(plan, layout, small_board(1000, 100000));
  EXPECT_EQ(sum.arena, 24);
  EXPECT_EQ(sum.persistent, 32);
  EXPECT_EQ(sum.stack, 64);
  EXPECT_EQ(sum.ram.required, 24 + 32 + 64);
  EXPECT_EQ(sum.constants, 8 + 8);
  EXPECT_EQ(sum.flash.required, 16 + sum.code);
  EXPECT_EQ(sum.macs_forward, 337);
  EXPECT_EQ(sum.macs_input_gradient, 1007);
  EXPECT_EQ(sum.macs_weight_gradient, 5009);
  EXPECT_EQ(sum.macs_per_step(), 6353);
}

TEST(Totals, CountKindsAndKernels) {
  const Plan plan = small_plan();
  const MemoryTotals sum = totals(plan, plan_layout(plan), small_board(1000, 100000));
  const auto kind = [&](BufferKind k) { return sum.kinds[static_cast<size_t>(k)]; };
  EXPECT_EQ(kind(BufferKind::gradient).buffers, 1);
  EXPECT_EQ(kind(BufferKind::gradient).bytes_at_peak, 12);
  EXPECT_EQ(kind(BufferKind::activation).bytes_at_peak, 8);
  EXPECT_EQ(kind(BufferKind::mask).bytes_at_peak, 1);
  EXPECT_EQ(kind(BufferKind::scratch).buffers, 0);
  EXPECT_EQ(kind(BufferKind::state).buffers, 3);
  EXPECT_EQ(kind(BufferKind::state).bytes, 25);
  EXPECT_EQ(kind(BufferKind::constant).bytes, 13);
  EXPECT_EQ(kind(BufferKind::constant).bytes_at_peak, 0);
  ASSERT_EQ(sum.kernels.size(), 9U);
  EXPECT_EQ(sum.kernels[0].kernel, "convolution");
  EXPECT_EQ(sum.kernels[0].calls, 2);
  EXPECT_EQ(sum.kernels[0].macs, 300);
  EXPECT_EQ(sum.kernels[1].kernel, "depthwise convolution");
}

TEST(Totals, CompareWithTheBoard) {
  const Plan plan = small_plan();
  const Layout layout = plan_layout(plan);
  const MemoryTotals exact = totals(plan, layout, small_board(120, 100000));
  EXPECT_TRUE(exact.fits());
  EXPECT_EQ(exact.ram.excess(), 0);
  const MemoryTotals ram_short = totals(plan, layout, small_board(119, 100000));
  EXPECT_FALSE(ram_short.fits());
  EXPECT_EQ(ram_short.ram.required, 120);
  EXPECT_EQ(ram_short.ram.available, 119);
  EXPECT_EQ(ram_short.ram.excess(), 1);
  EXPECT_TRUE(ram_short.flash.fits());
  const MemoryTotals flash_short = totals(plan, layout, small_board(120, 10));
  EXPECT_FALSE(flash_short.fits());
  EXPECT_EQ(flash_short.flash.excess(), flash_short.flash.required - 10);
}

int64_t bytes_of(const std::vector<CodePart>& parts, const std::string& name) {
  for (const CodePart& part : parts)
    if (part.name == name) return part.bytes;
  return 0;
}

TEST(CodeSize, CountsEachKernelOnceAndEachCall) {
  const std::vector<CodePart> parts = code_size_estimate(small_plan(), DeviceKernels::portable);
  EXPECT_GT(bytes_of(parts, "convolution"), 0);
  EXPECT_GT(bytes_of(parts, "depthwise convolution"), 0);
  EXPECT_GT(bytes_of(parts, "convolution input gradient"), 0);
  EXPECT_EQ(bytes_of(parts, "update depthwise weights"), 0);
  EXPECT_EQ(bytes_of(parts, "software floating point"), 0);
  EXPECT_GT(bytes_of(parts, "calls and their parameters"), 10 * 40);
  EXPECT_LT(bytes_of(parts, "calls and their parameters"), 10 * 160);
  Plan twice = small_plan();
  twice.steps.insert(twice.steps.end(), twice.steps.begin(), twice.steps.end());
  EXPECT_EQ(bytes_of(code_size_estimate(twice, DeviceKernels::portable), "convolution"),
            bytes_of(parts, "convolution"));
}

TEST(CodeSize, OfDspKernelsIsTheirOwn) {
  EXPECT_GT(bytes_of(code_size_estimate(small_plan(), DeviceKernels::dsp), "convolution"),
            bytes_of(code_size_estimate(small_plan(), DeviceKernels::portable), "convolution"));
}

}  // namespace
}  // namespace thaw
