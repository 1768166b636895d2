// Trained values that no training makes are refused before a sum can leave int32.
#include "sim/plan/state_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/exec/executor.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/training_plan.h"
#include "sim/train/trainer.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using ::testing::HasSubstr;

class StateLimit : public ::testing::Test {
 protected:
  StateLimit() : network(reduce(testing::SmallModel().graph(), {})) {
    Schedule schedule;
    describe_model(schedule, network);
    schedule.update = {{1, "depthwise", true, UpdatedWeights::all, {}},
                       {2, "project", true, UpdatedWeights::all, {}},
                       {3, "classifier", true, UpdatedWeights::all, {}}};
    plan = training_plan(network, schedule);
  }

  /// Where the values of the state buffer that `written` writes begin in Executor::state().
  template <class Update>
  size_t place(int32_t number, BufferId Update::*written) const {
    BufferId wanted;
    for (const Step& step : plan.steps)
      if (const auto* update = std::get_if<Update>(&step.kernel); update != nullptr && number-- == 0)
        wanted = update->*written;
    EXPECT_TRUE(wanted.present());
    size_t at = 0;
    for (const Buffer& buffer : plan.buffers) {
      if (buffer.id == wanted) return at;
      if (buffer.kind == BufferKind::state && buffer.id != plan.result)
        at += static_cast<size_t>(buffer.bytes);
    }
    return at;
  }

  /// What set_state says of a fresh state with one int32 bias or int8 weight changed.
  template <class Value>
  std::string refusal(size_t at, Value value) const {
    Executor executor(plan, {}, KernelSet::portable, 1);
    std::vector<std::byte> state = executor.state();
    std::memcpy(state.data() + at, &value, sizeof value);
    return testing::error_of([&] { executor.set_state(state); });
  }

  Network network;
  Plan plan;
};

TEST_F(StateLimit, IsTheContractsForBiases) {
  // Backward: `project` (4 products an output) comes first, then `depthwise` (9).
  constexpr int32_t kLimits[] = {INT32_MAX - 4 * 255 * 127, INT32_MAX - 9 * 255 * 127};
  for (int32_t i = 0; i < 2; ++i) {
    const size_t at = place(i, &UpdateBiases::biases);
    EXPECT_EQ(refusal(at, kLimits[i]), "no error");
    EXPECT_EQ(refusal(at, -kLimits[i]), "no error");
    EXPECT_THAT(refusal(at, kLimits[i] + 1), HasSubstr("beyond " + std::to_string(kLimits[i])));
    EXPECT_THAT(refusal(at, -kLimits[i] - 1), HasSubstr("beyond " + std::to_string(kLimits[i])));
    EXPECT_THAT(refusal(at, INT32_MIN), HasSubstr("-2147483648"));
  }
}

TEST_F(StateLimit, LeavesOutTheWeightThatNoUpdateMakes) {
  for (int32_t i = 0; i < 2; ++i) {
    const size_t at = place(i, &UpdateWeights::weights);
    EXPECT_EQ(refusal(at, int8_t{-127}), "no error");
    EXPECT_EQ(refusal(at, int8_t{127}), "no error");
    EXPECT_THAT(refusal(at, int8_t{-128}), HasSubstr("beyond 127"));
  }
}

TEST_F(StateLimit, TakesBackWhatTrainingGave) {
  Executor executor(plan, {}, KernelSet::portable, 1);
  const std::vector<std::byte> state = executor.state();
  EXPECT_NO_THROW(executor.set_state(state));
  EXPECT_EQ(executor.state(), state);
}

}  // namespace
}  // namespace thaw
