// The plans that run: lowered, then passed through every pass that keeps the bits. Simulator, memory model
// and generated firmware all take them from here.
#pragma once

#include "sim/graph/graph.h"
#include "sim/plan/input_by.h"
#include "sim/plan/network.h"
#include "sim/plan/plan.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// Inference and one training step of what the schedule updates, with the input as it says. Throws Error as
/// `lower` does.
Plan training_plan(const Network& network, const Schedule& schedule);

/// Inference alone, of the model as its file holds it: at most the RAM of any of its training plans.
Plan inference_plan(const Graph& graph, InputBy input = InputBy::image);

/// Whether a plan has outputs to read instead of a training step.
inline bool infers_only(const Plan& plan) {
  return !plan.outputs.empty();
}

}  // namespace thaw
