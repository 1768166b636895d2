#include "memmodel/device_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memmodel/planner.h"
#include "memmodel/validator.h"
#include "memmodel/what_if.h"
#include "tests/sim/plan/small_model.h"

namespace thaw {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

class DevicePlanTest : public ::testing::Test {
 protected:
  Graph graph_ = testing::SmallModel().graph();
  Network network_ = reduce(graph_, {});
  Board board_ = [] {
    Board board;
    board.name = "test";
    board.stack_bytes = 4096;
    board.ram_bytes = 1 << 20;
    board.flash_bytes = 1 << 20;
    return board;
  }();

  Schedule biases_of_all() const {
    Schedule schedule;
    schedule.classes = 2;
    for (const Layer& layer : network_.layers)
      if (const auto* convolution = std::get_if<Convolution>(&layer.kind))
        schedule.update.push_back({convolution->index, layer.name, true, UpdatedWeights::none, {}});
    return schedule;
  }
};

TEST_F(DevicePlanTest, IsLaidOutAndAddedUp) {
  const DevicePlan device = device_training_plan(network_, biases_of_all(), board_);
  EXPECT_TRUE(device.plan.trains);
  EXPECT_THAT(layout_violations(device.plan, device.layout), IsEmpty());
  EXPECT_EQ(device.totals.ram.required, totals(device.plan, device.layout, board_).ram.required);
  const DevicePlan inference = device_inference_plan(graph_, board_);
  EXPECT_FALSE(inference.plan.trains);
  EXPECT_LT(inference.totals.ram.required, device.totals.ram.required);
}

TEST_F(DevicePlanTest, FreezingAndThawingATensorAreOpposites) {
  const Schedule schedule = biases_of_all();
  const DevicePlan device = device_training_plan(network_, schedule, board_);
  Schedule one_frozen = schedule;
  one_frozen.update.erase(one_frozen.update.begin());
  const DevicePlan smaller = device_training_plan(network_, one_frozen, board_);
  const int64_t saved = device.totals.ram.required - smaller.totals.ram.required;
  ASSERT_GT(saved, 0);
  const auto bias_of = [](const std::vector<FreezingEffect>& effects, int32_t op) {
    for (const FreezingEffect& e : effects)
      if (e.op == op && !e.weights) return e;
    ADD_FAILURE() << "no effect for the bias of layer " << op;
    return FreezingEffect();
  };
  const int32_t op = schedule.update[0].op;
  const FreezingEffect frozen = bias_of(freezing_effects(network_, schedule, device, board_), op);
  const FreezingEffect thawed = bias_of(freezing_effects(network_, one_frozen, smaller, board_), op);
  EXPECT_EQ(frozen.ram_bytes, saved);
  EXPECT_EQ(thawed.ram_bytes, saved);
  EXPECT_EQ(frozen.gone, thawed.gone);
  EXPECT_FALSE(frozen.gone.empty());
}

}  // namespace
}  // namespace thaw
