#include "search/extra_bytes.h"

#include "memmodel/paper_metric.h"
#include "search/schedules.h"

namespace thaw {
namespace {

int64_t bytes_of(const Network& network, const TrainingRecipe& recipe, const Selection& selection) {
  return (paper_metric(network, schedule_of(network, recipe, selection)).total_bits() + 7) / 8;
}

}  // namespace

ExtraBytes::ExtraBytes(const Network& network, const TrainingRecipe& recipe, const SearchSpace& space) {
  for (int32_t op = space.first_op; op <= head_op(network); ++op)
    biases_[op] = bytes_of(network, recipe, {op, {}});
  for (const int32_t op : space.weights)
    for (const int32_t eighths : space.eighths)
      weights_[{op, eighths}] = bytes_of(network, recipe, {op, {{op, eighths}}}) - biases_[op];
}

int64_t ExtraBytes::of(const Selection& selection) const {
  int64_t bytes = of_biases(selection.first_bias);
  for (const WeightShare& share : selection.weights) bytes += of_weights(share);
  return bytes;
}

}  // namespace thaw
