#include "memmodel/what_if.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <variant>

#include "sim/plan/lower.h"

namespace thaw {
namespace {

std::set<std::string> names(const Plan& plan) {
  std::set<std::string> result;
  for (const Buffer& buffer : plan.buffers) result.insert(buffer.name);
  for (const Step& step : plan.steps) result.insert(step.name);
  return result;
}

Schedule with_entry(Schedule schedule, const LayerUpdate& entry) {
  std::erase_if(schedule.update, [&](const LayerUpdate& u) { return u.op == entry.op; });
  if (entry.bias || entry.weights != UpdatedWeights::none) {
    const auto place = std::find_if(schedule.update.begin(), schedule.update.end(),
                                    [&](const LayerUpdate& u) { return u.op > entry.op; });
    schedule.update.insert(place, entry);
  }
  return schedule;
}

bool trains(const LayerUpdate& entry, bool weights) {
  return weights ? entry.weights != UpdatedWeights::none : entry.bias;
}

/// The entry with its weights (all channels), or its bias, trained where frozen and frozen where trained.
LayerUpdate turned(LayerUpdate entry, bool weights) {
  const bool trained = trains(entry, weights);
  if (!weights) {
    entry.bias = !trained;
    return entry;
  }
  entry.weights = trained ? UpdatedWeights::none : UpdatedWeights::all;
  entry.channels.clear();
  return entry;
}

void set_difference(const DevicePlan& larger, const DevicePlan& smaller, FreezingEffect& effect) {
  effect.ram_bytes = larger.totals.ram.required - smaller.totals.ram.required;
  const std::set<std::string> all = names(larger.plan);
  const std::set<std::string> kept = names(smaller.plan);
  std::set_difference(all.begin(), all.end(), kept.begin(), kept.end(), std::back_inserter(effect.gone));
}

}  // namespace

std::vector<FreezingEffect> freezing_effects(const Network& network, const Schedule& schedule,
                                             const DevicePlan& device, const Board& board) {
  std::vector<FreezingEffect> effects;
  for (const Layer& layer : network.layers) {
    const auto* convolution = std::get_if<Convolution>(&layer.kind);
    if (convolution == nullptr) continue;
    FreezingEffect effect{
        convolution->index, layer.name, why_not_trainable(network, convolution->index), false, 0, {}};
    if (!effect.obstacle.empty()) {
      effects.push_back(effect);
      continue;
    }
    const LayerUpdate* found = schedule.find(effect.op);
    const LayerUpdate entry = found != nullptr ? *found : LayerUpdate{effect.op, layer.name, false, {}, {}};
    for (const bool weights : {true, false}) {
      FreezingEffect one = effect;
      one.weights = weights;
      const DevicePlan changed =
          device_training_plan(network, with_entry(schedule, turned(entry, weights)), board);
      if (trains(entry, weights))
        set_difference(device, changed, one);
      else
        set_difference(changed, device, one);
      effects.push_back(std::move(one));
    }
  }
  return effects;
}

}  // namespace thaw
