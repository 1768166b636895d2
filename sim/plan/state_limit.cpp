#include "sim/plan/state_limit.h"

namespace thaw {

int32_t state_limit(const Plan& plan, BufferId buffer) {
  constexpr int32_t kMostWeight = 127;
  for (const Step& step : plan.steps) {
    if (const auto* biases = std::get_if<UpdateBiases>(&step.kernel); biases && biases->biases == buffer)
      return biases->limit;
    if (const auto* weights = std::get_if<UpdateWeights>(&step.kernel); weights && weights->weights == buffer)
      return kMostWeight;
  }
  return 0;
}

}  // namespace thaw
