#include "memmodel/device_plan.h"

#include <utility>

#include "memmodel/planner.h"

namespace thaw {

DevicePlan device_plan(Plan plan, const Board& board) {
  DevicePlan device;
  device.plan = std::move(plan);
  device.layout = plan_layout(device.plan);
  device.totals = totals(device.plan, device.layout, board);
  return device;
}

DevicePlan device_training_plan(const Network& network, const Schedule& schedule, const Board& board) {
  return device_plan(training_plan(network, schedule), board);
}

DevicePlan device_inference_plan(const Graph& graph, const Board& board, InputBy input) {
  return device_plan(inference_plan(graph, input), board);
}

}  // namespace thaw
