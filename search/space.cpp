#include "search/space.h"

#include <fmt/format.h>

#include <algorithm>

#include "search/schedules.h"
#include "sim/base/error.h"

namespace thaw {
namespace {

// Layers that a table names one by one.
constexpr size_t kMostNamed = 5;

/// The number of the layer that a user means.
int32_t convolution_named(const Network& network, const std::string& name, const std::string& option) {
  std::string known;
  for (int32_t op = 0; op < head_op(network); ++op) {
    const std::string& layer = network.convolution_layer(op).name;
    if (layer == name || std::to_string(op) == name) return op;
    known += (known.empty() ? "" : ", ") + layer;
  }
  throw Error(option, "there is no layer '" + name + "'", "Name one of: " + known);
}

bool contains(const std::vector<int32_t>& ops, int32_t op) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

const char* share_text(int32_t eighths) {
  constexpr const char* kTexts[] = {"none",          "an eighth of ", "a quarter of ",
                                    "3 eighths of ", "half of ",      "5 eighths of ",
                                    "6 eighths of ", "7 eighths of ", ""};
  return kTexts[eighths];
}

}  // namespace

bool SearchSpace::pins(int32_t op) const {
  return contains(pinned, op);
}

SearchSpace search_space(const Network& network, const std::vector<std::string>& pinned,
                         const std::vector<std::string>& forbidden) {
  SearchSpace space;
  space.first_op = first_trainable_convolution(network);
  std::vector<int32_t> frozen;
  for (const std::string& name : forbidden) frozen.push_back(convolution_named(network, name, "--forbid"));
  for (const std::string& name : pinned) {
    const int32_t op = convolution_named(network, name, "--pin");
    if (contains(frozen, op))
      throw Error("--pin", "'" + name + "' is forbidden too", "Leave it out of one of the two");
    if (op < space.first_op)
      throw Error("--pin", "the weights of '" + name + "' cannot be trained",
                  "'thaw inspect' says which can");
    space.pinned.push_back(op);
  }
  std::sort(space.pinned.begin(), space.pinned.end());
  for (int32_t op = space.first_op; op < head_op(network); ++op)
    if (!contains(frozen, op)) space.weights.push_back(op);
  return space;
}

int32_t Selection::eighths_of(int32_t op) const {
  for (const WeightShare& share : weights)
    if (share.op == op) return share.eighths;
  return 0;
}

Selection with_share(const Selection& selection, WeightShare share) {
  Selection result = selection;
  std::erase_if(result.weights, [&](const WeightShare& other) { return other.op == share.op; });
  result.weights.insert(std::lower_bound(result.weights.begin(), result.weights.end(), share), share);
  result.first_bias = std::min(result.first_bias, share.op);
  return result;
}

Selection without_share(const SearchSpace& space, const Network& network, const Selection& selection,
                        int32_t op) {
  Selection result = selection;
  std::erase_if(result.weights, [&](const WeightShare& other) { return other.op == op; });
  if (space.biases_follow)
    result.first_bias = result.weights.empty() ? head_op(network) : result.weights.front().op;
  return result;
}

Selection least_selection(const SearchSpace& space, const Network& network) {
  Selection result = {head_op(network), {}};
  for (const int32_t op : space.pinned) result = with_share(result, {op, 8});
  return result;
}

Schedule schedule_of(const Network& network, const TrainingRecipe& recipe, const Selection& selection) {
  Schedule schedule = bias_schedule(network, recipe, selection.first_bias);
  for (const WeightShare& share : selection.weights)
    schedule = with_fraction_bits(with_weights(schedule, network, share.op, share.eighths), share.op,
                                  share.fraction_bits);
  return schedule;
}

bool allows(const SearchSpace& space, const Schedule& schedule) {
  std::vector<int32_t> missing = space.pinned;
  for (const LayerUpdate& entry : schedule.update) {
    if (entry.weights == UpdatedWeights::none) continue;
    std::erase(missing, entry.op);
    if (&entry != &schedule.update.back() && !contains(space.weights, entry.op)) return false;
  }
  return missing.empty();
}

std::string selection_text(const Network& network, const Selection& selection) {
  if (selection.first_bias >= head_op(network)) return head_words(network) + " alone";
  std::string text = "biases from " + network.convolution_layer(selection.first_bias).name;
  const char* before = ", weights of ";
  for (const WeightShare& share : selection.weights) {
    text += before + (share_text(share.eighths) + network.convolution_layer(share.op).name);
    if (share.fraction_bits) text += fmt::format(" with {} fraction bits", *share.fraction_bits);
    before = ", ";
  }
  return text;
}

std::string selection_summary(const Network& network, const Selection& selection) {
  if (selection.weights.size() <= kMostNamed) return selection_text(network, selection);
  return fmt::format("biases from {}, weights of {} layers from {}",
                     network.convolution_layer(selection.first_bias).name, selection.weights.size(),
                     network.convolution_layer(selection.weights.front().op).name);
}

}  // namespace thaw
