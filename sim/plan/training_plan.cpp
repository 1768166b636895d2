#include "sim/plan/training_plan.h"

#include "sim/plan/lower.h"
#include "sim/plan/passes.h"

namespace thaw {

Plan training_plan(const Network& network, const Schedule& schedule) {
  return run_passes(lower(network, schedule), schedule.input_by);
}

Plan inference_plan(const Graph& graph, InputBy input) {
  return run_inference_passes(lower_inference(graph), input);
}

}  // namespace thaw
