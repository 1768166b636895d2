// The network that a search trains: for a task, of a classifier with its own weights or anew.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "search/as_it_is.h"
#include "sim/plan/network.h"
#include "tools/thaw/model_data.h"

namespace thaw::cli {

/// What the flags say of it. `classifier`: "auto", "keep" or "fresh"; `classes`: absent: the data's.
struct NetworkChoice {
  Task task = Task::classify;
  std::string classifier = "auto";
  std::optional<int32_t> classes;
};

/// DATA as the task needs it: labels of classes, numbers, or samples alone.
ModelData read_search_data(const std::string& path, const Graph& graph, const NetworkChoice& choice,
                           const DataOptions& read);

/// What the model as shipped makes of the data's classes; nothing where it does not classify. Throws Error
/// where --classes, model and data do not go together.
std::optional<ShippedModel> shipped_model(const NetworkChoice& choice, const Graph& graph,
                                          const ModelData& data, const std::string& path, int32_t threads,
                                          const std::function<bool()>& stopped);

/// Whether the classifier starts anew. By itself: kept where the model knows the classes already. Throws
/// Error where it is to be kept and there is none.
bool starts_anew(const NetworkChoice& choice, const Graph& graph, const ModelData& data,
                 const std::optional<ShippedModel>& shipped);

/// The network of the task; `fresh`: its classifier starts anew. Throws Error where nothing of it can be
/// trained.
Network search_network(const NetworkChoice& choice, const Graph& graph, const ModelData& data, bool fresh);

}  // namespace thaw::cli
