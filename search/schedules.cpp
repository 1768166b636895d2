#include "search/schedules.h"

#include <algorithm>

#include "sim/plan/channel_selection.h"
#include "sim/plan/lower.h"

namespace thaw {
namespace {

const Convolution& convolution(const Network& network, int32_t op) {
  return std::get<Convolution>(network.convolution_layer(op).kind);
}

/// The entry for `op`, put in its place when the schedule has none.
LayerUpdate& entry_for(Schedule& schedule, const Network& network, int32_t op) {
  auto at = std::lower_bound(schedule.update.begin(), schedule.update.end(), op,
                             [](const LayerUpdate& entry, int32_t value) { return entry.op < value; });
  if (at == schedule.update.end() || at->op != op)
    at =
        schedule.update.insert(at, {op, network.convolution_layer(op).name, false, UpdatedWeights::none, {}});
  return *at;
}

}  // namespace

int32_t head_op(const Network& network) {
  return network.convolution_count() - (compares_output(network.task) ? 1 : 0);
}

const std::string& head_name(const Network& network) {
  return compares_output(network.task) ? network.convolution_layer(head_op(network)).name
                                       : network.classifier.name;
}

std::string head_words(const Network& network) {
  return compares_output(network.task) ? "the last layer" : "the classifier";
}

Schedule last_layer_schedule(const Network& network, const TrainingRecipe& recipe) {
  Schedule schedule;
  schedule.model_file = network.graph.file_name;
  schedule.model_sha256 = network.graph.sha256;
  schedule.task = network.task;
  schedule.classes = network.classifier.classes;
  const std::vector<int32_t>& shape = network.graph.tensor(network.input).shape;
  std::fill(schedule.input.begin(), schedule.input.end(), 1);
  std::copy_backward(shape.begin(), shape.end(), schedule.input.end());
  schedule.training = recipe;
  schedule.update.push_back({head_op(network), head_name(network), true, UpdatedWeights::all, {}});
  return schedule;
}

Schedule bias_schedule(const Network& network, const TrainingRecipe& recipe, int32_t first_op) {
  Schedule schedule = last_layer_schedule(network, recipe);
  for (int32_t op = first_op; op < head_op(network); ++op) entry_for(schedule, network, op).bias = true;
  return schedule;
}

Schedule last_layers_schedule(const Network& network, const TrainingRecipe& recipe, int32_t first_op) {
  Schedule schedule = bias_schedule(network, recipe, first_op);
  for (LayerUpdate& entry : schedule.update) entry.weights = UpdatedWeights::all;
  return schedule;
}

int32_t first_trainable_convolution(const Network& network) {
  int32_t first = head_op(network);
  while (first > 0 && why_not_trainable(network, first - 1).empty()) --first;
  return first;
}

Schedule with_weights(const Schedule& schedule, const Network& network, int32_t op, int32_t eighths) {
  Schedule result = schedule;
  LayerUpdate& entry = entry_for(result, network, op);
  const Convolution& c = convolution(network, op);
  const int32_t count = c.selectable_channels() * eighths / 8;
  entry.channels.clear();
  entry.weights = count == 0                         ? UpdatedWeights::none
                  : count == c.selectable_channels() ? UpdatedWeights::all
                                                     : UpdatedWeights::channels;
  if (entry.weights == UpdatedWeights::channels) entry.channels = select_channels_by_magnitude(c, count);
  std::erase_if(result.update,
                [](const LayerUpdate& e) { return !e.bias && e.weights == UpdatedWeights::none; });
  return result;
}

Schedule with_fraction_bits(const Schedule& schedule, int32_t op, std::optional<int32_t> bits) {
  Schedule result = schedule;
  for (LayerUpdate& entry : result.update)
    if (entry.op == op && entry.weights != UpdatedWeights::none) entry.fraction_bits = bits;
  return result;
}

Schedule without_layers_before(const Schedule& schedule, int32_t first_op) {
  Schedule result = schedule;
  std::erase_if(result.update, [&](const LayerUpdate& entry) { return entry.op < first_op; });
  return result;
}

}  // namespace thaw
