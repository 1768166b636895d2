#include "tools/thaw/search_network.h"

#include <fmt/format.h>

#include "search/schedules.h"
#include "sim/base/error.h"
#include "sim/plan/lower.h"

namespace thaw::cli {
namespace {

int32_t class_count(const NetworkChoice& choice, const ModelData& data) {
  return choice.classes.value_or(static_cast<int32_t>(data.about.class_names.size()));
}

/// The last layer of other tasks is one like any: gradients may not reach it.
void check_head(const Network& network) {
  if (!compares_output(network.task)) return;
  if (network.convolution_count() == 0)
    throw Error(network.graph.file_name, "has no layer with weights", "There is nothing to train");
  if (const std::string why = why_not_trainable(network, head_op(network)); !why.empty())
    throw Error(network.graph.file_name, fmt::format("the last layer cannot be trained: {}", why),
                "'thaw inspect' says which layers can");
}

}  // namespace

ModelData read_search_data(const std::string& path, const Graph& graph, const NetworkChoice& choice,
                           const DataOptions& read) {
  if (!compares_output(choice.task))
    return read_model_data(path, graph, int8_input(graph), DataUse::training, read);
  return read_training_data(path, reduce(graph, {.task = choice.task}), read);
}

std::optional<ShippedModel> shipped_model(const NetworkChoice& choice, const Graph& graph,
                                          const ModelData& data, const std::string& path, int32_t threads,
                                          const std::function<bool()>& stopped) {
  if (compares_output(choice.task)) return std::nullopt;
  const int32_t classes = class_count(choice, data);
  check_classes(data.about, classes, "--classes asks for", path, DataUse::training);
  return ask_shipped_model(graph, int8_input(graph), data.train, data.test, classes, threads, stopped);
}

bool starts_anew(const NetworkChoice& choice, const Graph& graph, const ModelData& data,
                 const std::optional<ShippedModel>& shipped) {
  if (compares_output(choice.task)) return choice.classifier == "fresh";
  if (choice.classifier == "keep" && !shipped)
    throw Error(graph.file_name,
                fmt::format("has no classifier of {} classes to keep", class_count(choice, data)),
                "Leave --classifier out, or give data with the model's classes");
  if (choice.classifier == "auto") return !shipped || !shipped->knows_classes;
  return choice.classifier == "fresh";
}

Network search_network(const NetworkChoice& choice, const Graph& graph, const ModelData& data, bool fresh) {
  const int32_t classes =
      compares_output(choice.task) ? choice.classes.value_or(0) : class_count(choice, data);
  Network network = reduce(graph, {classes, fresh, true, choice.task});
  check_head(network);
  return network;
}

}  // namespace thaw::cli
