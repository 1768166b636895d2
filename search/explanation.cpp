#include "search/explanation.h"
#include "search/schedules.h"

#include <fmt/format.h>

#include <algorithm>

namespace thaw {
namespace {

// A gain below so many of its errors may be none.
constexpr double kSurely = 1.645;

std::string chosen_text(const LayerUpdate& entry, const Network& network, int32_t op) {
  if (entry.weights == UpdatedWeights::all) return "chosen";
  const int32_t channels = std::get<Convolution>(network.convolution_layer(op).kind).selectable_channels();
  return fmt::format("chosen: {} of {} channels", entry.channels.size(), channels);
}

std::string verdict(const SearchSpace& space, const Network& network, const LayerUpdate* entry,
                    const LayerReason& reason, bool fits, bool nothing_chosen) {
  const bool chosen = entry != nullptr && entry->weights != UpdatedWeights::none;
  if (space.pins(reason.op)) return "pinned";
  if (chosen) return chosen_text(*entry, network, reason.op);
  const std::string bias = entry != nullptr && entry->bias ? "its bias only: " : "frozen: ";
  if (std::find(space.weights.begin(), space.weights.end(), reason.op) == space.weights.end())
    return bias + "forbidden";
  if (nothing_chosen) return bias + "nothing is gained beyond chance";
  if (!reason.bias_gain) return bias + "the biases from here on do not fit";
  if (!reason.gain) return bias + "not even an eighth of its weights fits";
  if (!fits) return bias + "its weights do not fit whole";
  if (reason.gain->nats <= kSurely * reason.gain->error) return bias + "its weights add nothing surely";
  return bias + "others add more in these bytes";
}

}  // namespace

std::vector<LayerReason> explain(const Evaluator& evaluator, const SearchSpace& space,
                                 const Contributions& contributions, const Schedule& chosen) {
  const Network& network = *evaluator.problem().network;
  std::vector<LayerReason> reasons;
  for (int32_t op = space.first_op; op < head_op(network); ++op) {
    LayerReason reason;
    reason.op = op;
    reason.layer = network.convolution_layer(op).name;
    for (const BiasGain& bias : contributions.biases)
      if (bias.first_op == op) reason.bias_gain = bias.gain;
    if (const WeightGain* weight = contributions.find({reason.op, 8})) reason.gain = weight->gain;
    const Selection before = {std::min(reason.op, contributions.base), {}};
    const MemoryTotals without = evaluator.memory(schedule_of(network, chosen.training, before));
    const MemoryTotals with =
        evaluator.memory(schedule_of(network, chosen.training, with_share(before, {reason.op, 8})));
    reason.ram_bytes = with.ram.required - without.ram.required;
    reason.macs = with.macs_per_step() - without.macs_per_step();
    reason.verdict =
        verdict(space, network, chosen.find(reason.op), reason, with.fits(), chosen.update.size() == 1);
    reasons.push_back(std::move(reason));
  }
  return reasons;
}

}  // namespace thaw
