// A plan as a device holds it: model, schedule and board in; plan, layout and totals out. Everybody who asks
// what a schedule needs asks here, so that all get the same answer.
#pragma once

#include "memmodel/board.h"
#include "memmodel/layout.h"
#include "memmodel/totals.h"
#include "sim/plan/training_plan.h"

namespace thaw {

struct DevicePlan {
  Plan plan;
  Layout layout;        // of plan_layout
  MemoryTotals totals;  // of plan and layout on the board
};

/// Lays a plan out and adds it up.
DevicePlan device_plan(Plan plan, const Board& board);

/// Of `training_plan`; throws Error as it does. A plan that does not fit the board is no error here: see
/// `MemoryTotals::fits`.
DevicePlan device_training_plan(const Network& network, const Schedule& schedule, const Board& board);

/// Of `inference_plan`.
DevicePlan device_inference_plan(const Graph& graph, const Board& board, InputBy input = InputBy::image);

}  // namespace thaw
