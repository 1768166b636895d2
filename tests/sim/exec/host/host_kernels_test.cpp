// The host kernels against the engine's portable ones: random networks and schedules, every buffer after
// every step, for every instruction set of this processor.
#include "sim/exec/host/host_kernels.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/base/error.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "tests/support/compare_kernels.h"
#include "tests/support/random_network.h"

namespace thaw {
namespace {

/// A plan of the seed's network and schedule; without gradients where they would have to pass a pooling
/// operator, with fewer gradient bits where sums would not fit.
Plan random_plan(uint32_t seed) {
  const testing::RandomNetwork random(seed);
  const Network network = reduce(random.graph(), {0, seed % 2 == 0, true});
  Schedule schedule = testing::random_schedule(network, seed);
  for (;;) {
    try {
      Plan plan = lower(network, schedule);
      return seed % 3 == 0 ? plan : run_passes(std::move(plan));
    } catch (const Error& error) {
      if (schedule.training.gradient_bits > 7)
        schedule.training.gradient_bits = 7;
      else
        schedule.update.erase(schedule.update.begin());
    }
  }
}

class HostKernelsTest : public ::testing::TestWithParam<InstructionSet> {};
class HostKernelsSlowTest : public HostKernelsTest {};

void expect_equal(uint32_t first, uint32_t last, InstructionSet set) {
  if (set > best_instruction_set()) GTEST_SKIP() << "this processor lacks these instructions";
  const std::vector<LearningRate> rates = {quantize_learning_rate(0.05), quantize_learning_rate(0.0008),
                                           LearningRate{}, quantize_learning_rate(3.0)};
  for (uint32_t seed = first; seed <= last && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    testing::expect_equal_training(random_plan(seed), 5, set, rates);
  }
}

TEST_P(HostKernelsTest, RandomNetworksTrainToEqualBits) {
  expect_equal(1, 40, GetParam());
}

TEST_P(HostKernelsSlowTest, ManyRandomNetworksTrainToEqualBits) {
  expect_equal(41, 600, GetParam());
}

std::string name_of(const ::testing::TestParamInfo<InstructionSet>& test) {
  return instruction_set_name(test.param);
}
const auto kSets = ::testing::ValuesIn(instruction_sets());
INSTANTIATE_TEST_SUITE_P(Sets, HostKernelsTest, kSets, name_of);
INSTANTIATE_TEST_SUITE_P(Sets, HostKernelsSlowTest, kSets, name_of);

/// The random networks are worth something only while they reach every kernel and every kind of shape.
TEST(RandomNetworkTest, ReachesEveryKernelOfTraining) {
  std::map<std::string, int> seen;
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    const Plan plan = random_plan(seed);
    for (const Step& step : plan.steps) {
      ++seen[kernel_name(step.kernel)];
      if (const auto* k = std::get_if<ConvolutionForward>(&step.kernel)) {
        if (k->window.dilation_height > 1) ++seen["dilated"];
        if (k->depth_multiplier > 1) ++seen["multiplied"];
        if (!k->trained_channels.empty() && k->weights.present()) ++seen["some channels"];
        if (!k->trained_channels.empty() && k->depthwise) ++seen["depthwise weights"];
      }
      if (const auto* k = std::get_if<MakeGradient>(&step.kernel)) {
        if (k->sources.size() == 2) ++seen["two sources"];
        if (plan.gradient_tensors[static_cast<size_t>(k->tensor)].bits > 7) ++seen["wide gradient"];
        for (const GradientSource& source : k->sources)
          if (const auto* from = std::get_if<FromConvolution>(&source.from);
              from && from->window.stride_height > 1)
            ++seen["strided gradient"];
      }
    }
  }
  for (const char* name : {"convolution", "depthwise convolution", "add", "gradient", "update weights",
                           "update biases", "dilated", "multiplied", "some channels", "depthwise weights",
                           "two sources", "wide gradient", "strided gradient"})
    EXPECT_GE(seen[name], 3) << name;
}

}  // namespace
}  // namespace thaw
