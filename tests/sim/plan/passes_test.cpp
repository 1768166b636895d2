// Every pass alone and all together: random networks train to the same bits, in no more memory.
#include "sim/plan/passes.h"

#include <gtest/gtest.h>

#include "memmodel/planner.h"
#include "sim/base/error.h"
#include "sim/plan/lower.h"
#include "tests/support/random_network.h"
#include "tests/support/same_bits.h"

namespace thaw {
namespace {

/// A schedule of the seed that can be lowered: without the layers that gradients cannot reach.
Plan random_training_plan(uint32_t seed) {
  const Network network = reduce(testing::RandomNetwork(seed).graph(), {.fresh_classifier = true});
  Schedule schedule = testing::random_schedule(network, seed);
  schedule.training.gradient_bits = 7;
  for (;;) try {
      return lower(network, schedule);
    } catch (const Error&) {
      schedule.update.erase(schedule.update.begin());
    }
}

/// Applies the pass to random plans; returns in how many it found something to save.
template <class Pass>
int32_t plans_changed(const Pass& pass) {
  int32_t changed = 0;
  for (uint32_t seed = 1; seed <= 60 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Plan plan = random_training_plan(seed);
    const Plan passed = pass(plan);
    changed += passed.notes.size() > plan.notes.size() ? 1 : 0;
    for (KernelSet kernels : {KernelSet::portable, KernelSet::host})
      testing::expect_same_training(drop_unused_buffers(plan), drop_unused_buffers(passed), kernels, 3);
    EXPECT_LE(plan_layout(drop_unused_buffers(passed)).lower_bound,
              plan_layout(drop_unused_buffers(plan)).lower_bound);
  }
  return changed;
}

TEST(Passes, AddInPlaceKeepsTheBits) {
  EXPECT_GT(plans_changed([](const Plan& plan) { return add_in_place(plan); }), 10);
}

TEST(Passes, DepthwiseInPlaceKeepsTheBits) {
  EXPECT_GT(plans_changed([](const Plan& plan) { return depthwise_in_place(plan); }), 10);
}

TEST(Passes, GradientInPlaceKeepsTheBits) {
  EXPECT_GT(plans_changed([](const Plan& plan) { return gradient_in_place(plan); }), 10);
}

TEST(Passes, BiasesFirstKeepsTheBits) {
  EXPECT_GT(plans_changed([](const Plan& plan) { return biases_first(plan); }), 10);
}

/// Gradients that lie where the one did that they come from through a depthwise convolution.
int32_t depthwise_gradients_in_place(const Plan& plan) {
  int32_t count = 0;
  for (const Step& step : plan.steps)
    if (const auto* k = std::get_if<MakeGradient>(&step.kernel))
      if (const auto* from = std::get_if<FromConvolution>(&k->sources[0].from))
        count += from->gradient == k->output ? 1 : 0;
  return count;
}

TEST(Passes, GradientsThatPassADepthwiseConvolutionTakeItsPlace) {
  int32_t alone = 0, after_biases = 0;
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    const Plan plan = random_training_plan(seed);
    alone += depthwise_gradients_in_place(gradient_in_place(plan));
    after_biases += depthwise_gradients_in_place(gradient_in_place(biases_first(plan)));
  }
  EXPECT_GT(alone, 0);
  EXPECT_GT(after_biases, alone);
}

TEST(Passes, DroppingUnusedBuffersKeepsTheBits) {
  plans_changed([](const Plan& plan) { return drop_unused_buffers(plan); });
}

TEST(Passes, AllTogetherKeepTheBits) {
  EXPECT_GT(plans_changed([](const Plan& plan) { return run_passes(plan); }), 20);
}

}  // namespace
}  // namespace thaw
