#include "sim/plan/schedule_check.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "sim/base/class_limit.h"
#include "sim/base/error.h"
#include "sim/base/nearest_name.h"
#include "sim/plan/lower.h"

namespace thaw {
namespace {

std::string shape_text(const std::array<int32_t, 4>& shape) {
  std::string text;
  for (size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : "x") + std::to_string(shape[i]);
  return text;
}

/// Names by schedule number: the convolutions, then the classifier.
std::vector<std::string> layer_names(const Network& network) {
  std::vector<std::string> names;
  for (const Layer& layer : network.layers)
    if (std::holds_alternative<Convolution>(layer.kind)) names.push_back(layer.name);
  if (!compares_output(network.task)) names.push_back(network.classifier.name);
  return names;
}

std::string name_hint(const std::string& name, const std::vector<std::string>& names) {
  const auto exact = std::find(names.begin(), names.end(), name);
  if (exact != names.end()) return "Layer '" + name + "' is op " + std::to_string(exact - names.begin());
  const std::string nearest = nearest_name(name, names);
  return nearest.empty() ? "'thaw inspect' lists the layers" : "Did you mean '" + nearest + "'?";
}

void check_name(const LayerUpdate& entry, const std::vector<std::string>& names, const std::string& field) {
  const auto last = static_cast<int32_t>(names.size()) - 1;
  if (entry.op < 0 || entry.op > last)
    throw Error(field + ".op", "there is no op " + std::to_string(entry.op),
                "The model has " + std::to_string(last) + " convolutions from 0 on; op " +
                    std::to_string(last) + " is the classifier '" + names.back() + "'");
  const std::string& expected = names[static_cast<size_t>(entry.op)];
  if (entry.layer != expected)
    throw Error(field + ".layer",
                "op " + std::to_string(entry.op) + " is layer '" + expected + "', not '" + entry.layer + "'",
                name_hint(entry.layer, names));
}

void check_channels(const LayerUpdate& entry, const Convolution& convolution, const std::string& field) {
  if (entry.weights != UpdatedWeights::channels) return;
  const int32_t count = convolution.selectable_channels();
  for (int32_t channel : entry.channels)
    if (channel < 0 || channel >= count)
      throw Error(field + ".weights.input_channels",
                  "channel " + std::to_string(channel) + " does not exist in layer '" + entry.layer + "'",
                  std::string(convolution.depthwise ? "This depthwise layer has " : "This layer reads ") +
                      std::to_string(count) + " channels, 0 to " + std::to_string(count - 1));
}

void check_convolution(const LayerUpdate& entry, const Network& network, const std::string& field) {
  check_channels(entry, std::get<Convolution>(network.convolution_layer(entry.op).kind), field);
  const std::string obstacle = why_not_trainable(network, entry.op);
  if (!obstacle.empty())
    throw Error(field, "layer '" + entry.layer + "' cannot be trained: " + obstacle,
                "Remove it from the schedule; 'thaw inspect' lists the layers that can be trained");
}

void check_order(const Schedule& schedule, size_t i, const std::string& field) {
  const LayerUpdate& entry = schedule.update[i];
  if (i > 0 && entry.op <= schedule.update[i - 1].op)
    throw Error(field + ".op",
                "op " + std::to_string(entry.op) + " follows op " + std::to_string(schedule.update[i - 1].op),
                "List the layers in ascending order, each once");
  if (!entry.bias && entry.weights == UpdatedWeights::none)
    throw Error(field, "updates neither bias nor weights", "Remove the entry");
}

}  // namespace

std::array<int32_t, 4> input_shape(const Tensor& input) {
  const std::vector<int32_t>& shape = input.shape;
  std::array<int32_t, 4> result = {1, 1, 1, 1};
  if (shape.empty()) return result;
  result[0] = shape[0];
  const size_t count = std::min<size_t>(shape.size() - 1, 3);
  for (size_t i = 0; i < count; ++i) result[3 - i] = shape[shape.size() - 1 - i];
  return result;
}

std::array<int32_t, 4> input_shape(const Network& network) {
  return input_shape(network.graph.tensor(network.input));
}

void describe_model(Schedule& schedule, const Network& network) {
  schedule.model_file = network.graph.file_name;
  schedule.model_sha256 = network.graph.sha256;
  schedule.task = network.task;
  schedule.classes = network.classifier.classes;
  schedule.input = input_shape(network);
}

void check_schedule(const Schedule& schedule, const Network& network, const std::string& where) {
  const Graph& graph = network.graph;
  if (schedule.model_sha256 != graph.sha256)
    throw Error(where + ": model.sha256",
                "the schedule is for '" + schedule.model_file + "' (" + schedule.model_sha256.substr(0, 12) +
                    "...), the model is '" + graph.file_name + "' (" + graph.sha256.substr(0, 12) + "...)",
                "Give that model, or move the schedule: thaw convert IN OUT --model MODEL");
  check_schedule_layers(schedule, network, where);
}

namespace {

void check_schedule_classes(const Schedule& schedule, const Network& network, const std::string& where) {
  if (compares_output(network.task)) return;
  if (schedule.classes < kMinimalClasses || schedule.classes > kMaximalClasses)
    throw Error(where + ": model.classes",
                "the schedule is for " + std::to_string(schedule.classes) + " classes, Thaw trains " +
                    std::to_string(kMinimalClasses) + " to " + std::to_string(kMaximalClasses),
                "Pass --classes with the number of your own");
  if (schedule.classes != network.classifier.classes)
    throw Error(where + ": model.classes",
                "the schedule is for " + std::to_string(schedule.classes) + " classes, the model has " +
                    std::to_string(network.classifier.classes),
                "Pass --classes " + std::to_string(schedule.classes));
}

}  // namespace

void check_schedule_layers(const Schedule& schedule, const Network& network, const std::string& where) {
  if (schedule.input != input_shape(network))
    throw Error(where + ": model.input",
                "the schedule is for input " + shape_text(schedule.input) + ", the model reads " +
                    shape_text(input_shape(network)),
                "Use the model that the schedule was made for");
  check_schedule_classes(schedule, network, where);
  const std::vector<std::string> names = layer_names(network);
  for (size_t i = 0; i < schedule.update.size(); ++i) {
    const LayerUpdate& entry = schedule.update[i];
    const std::string field = where + ": update[" + std::to_string(i) + "]";
    check_order(schedule, i, field);
    check_name(entry, names, field);
    if (entry.op < network.convolution_count())
      check_convolution(entry, network, field);
    else if (entry.fraction_bits)
      throw Error(field + ".fraction_bits", "the classifier's weights have a precision of their own",
                  "Remove the field");
    else if (entry.weights == UpdatedWeights::channels)
      throw Error(field + ".weights", "the classifier is updated by single channels",
                  "Use \"all\" or \"none\" for the classifier");
  }
}

}  // namespace thaw
