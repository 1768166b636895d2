#include "sim/plan/feature_path.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/graph/activation_range.h"
#include "sim/graph/graph_paths.h"
#include "sim/graph/window.h"

namespace thaw {
namespace {

struct Axis {
  char name;
  int32_t size;
  bool operator==(const Axis&) const = default;
};

/// What is left of the source's axes behind the operators seen so far.
struct Features {
  std::vector<Axis> axes;     // without the batch axis
  bool image = false;         // the axes still stand where the source had them: no RESHAPE yet
  int32_t averaged = 1;       // elements behind each of them
  ActivationRange reached;    // values that may occur
  ActivationRange unclamped;  // those that the last operator is sure not to have clamped
};

/// Axes of more than one element, in order.
std::vector<Axis> wide_axes(const std::vector<Axis>& axes) {
  std::vector<Axis> wide;
  for (const Axis& axis : axes)
    if (axis.size > 1) wide.push_back(axis);
  return wide;
}

Features features_of(const Graph& graph, TensorId source) {
  const Tensor& tensor = graph.tensor(source);
  Features features;
  features.image = tensor.shape.size() == 4 && tensor.shape[0] == 1;
  if (features.image)
    features.axes = {{'H', tensor.shape[1]}, {'W', tensor.shape[2]}, {'C', tensor.shape[3]}};
  else
    features.axes = {{'C', static_cast<int32_t>(tensor.elements())}};
  features.reached = activation_range(fused_activation(producer(graph, source)->kind), tensor.quantization);
  return features;
}

/// Inputs that a window reads where it is laid only once.
bool covers(int32_t in, int32_t kernel, int32_t stride, Padding padding) {
  const WindowGeometry geometry = window_geometry(in, kernel, stride, 1, padding);
  return geometry.out == 1 && kernel - geometry.pad_before >= in;
}

// One function an operator: what becomes of the features; false where the operator does more than average or
// keep them.

/// The averages lowest..highest are stored in `range`: those beyond it are clamped, and send no gradient.
/// What was clamped before it was averaged could not be told.
bool clamp_to(ActivationRange range, int64_t lowest, int64_t highest, Features& features) {
  if (features.unclamped != ActivationRange{}) return false;
  if (lowest < range.lowest) features.unclamped.lowest = range.lowest + 1;
  if (highest > range.highest) features.unclamped.highest = range.highest - 1;
  const auto inside = [&](int64_t v) { return std::clamp<int64_t>(v, range.lowest, range.highest); };
  features.reached = {static_cast<int32_t>(inside(lowest)), static_cast<int32_t>(inside(highest))};
  return true;
}

bool pass(const Graph& graph, const Op& op, const AveragePool2d& pool, Features& features) {
  const Tensor& input = graph.tensor(op.inputs[0]);
  if (!features.image || features.axes.size() != 3 || features.axes[2].name != 'C' ||
      !covers(input.shape[1], pool.filter_height, pool.stride_height, pool.padding) ||
      !covers(input.shape[2], pool.filter_width, pool.stride_width, pool.padding))
    return false;
  const ActivationRange clamp = activation_range(pool.activation, graph.tensor(op.outputs[0]).quantization);
  if (!clamp_to(clamp, features.reached.lowest, features.reached.highest, features)) return false;
  features.averaged *= features.axes[0].size * features.axes[1].size;
  features.axes[0].size = features.axes[1].size = 1;
  return true;
}

bool pass(const Graph& graph, const Op& op, const Mean& mean, Features& features) {
  if (!features.image) return false;
  std::vector<Axis> left;
  for (size_t i = 0; i < features.axes.size(); ++i) {
    const Axis& axis = features.axes[i];
    const bool reduced =
        std::find(mean.axes.begin(), mean.axes.end(), static_cast<int32_t>(i) + 1) != mean.axes.end();
    if (!reduced) left.push_back(axis);
    if (!reduced) continue;
    if (axis.name == 'C') return false;
    features.averaged *= axis.size;
    if (mean.keep_dims) left.push_back({axis.name, 1});
  }
  if (mean.axes.front() == 0 && !mean.keep_dims) features.image = false;  // the batch axis is gone
  features.axes = std::move(left);
  // The mean keeps its real value where int8 can hold it.
  const Quantization& in = graph.tensor(op.inputs[0]).quantization;
  const Quantization& out = graph.tensor(op.outputs[0]).quantization;
  const double ratio = static_cast<double>(in.scale()) / static_cast<double>(out.scale());
  const auto moved = [&](int32_t value) {
    return std::llround(std::clamp((value - in.zero_point()) * ratio + out.zero_point(), -1e6, 1e6));
  };
  return clamp_to({}, moved(features.reached.lowest), moved(features.reached.highest), features);
}

bool pass(const Graph&, const Op&, const Transpose& transpose, Features& features) {
  if (!features.image || transpose.permutation.size() != features.axes.size() + 1) return false;
  if (transpose.permutation[0] != 0) return false;
  std::vector<Axis> moved;
  for (size_t i = 1; i < transpose.permutation.size(); ++i)
    moved.push_back(features.axes[static_cast<size_t>(transpose.permutation[i]) - 1]);
  features.axes = std::move(moved);
  return true;
}

/// Keeps the order of elements; only flattening may follow.
bool pass(const Graph&, const Op&, const Reshape&, Features& features) {
  features.image = false;
  return true;
}

template <class Other>
bool pass(const Graph&, const Op&, const Other&, Features&) {
  return false;
}

bool on_path(const OpKind& kind) {
  return std::holds_alternative<Reshape>(kind) || std::holds_alternative<Mean>(kind) ||
         std::holds_alternative<AveragePool2d>(kind) || std::holds_alternative<Transpose>(kind);
}

}  // namespace

const Op* producer(const Graph& graph, TensorId tensor) {
  for (const Op& op : graph.ops)
    if (op.outputs[0] == tensor) return &op;
  return nullptr;
}

void find_feature_source(const Graph& graph, Classifier& classifier) {
  std::vector<const Op*> path;  // from the features back to the source
  TensorId at = classifier.feature_tensor;
  for (const Op* op = producer(graph, at); op != nullptr && on_path(op->kind); op = producer(graph, at)) {
    path.push_back(op);
    at = op->inputs[0];
  }
  if (producer(graph, at) == nullptr) {
    classifier.no_source_reason = "the features are the model's input";
    return;
  }
  // Where the way from the source has no rule of its own, its operators are layers like others.
  classifier.source = classifier.feature_tensor;
  classifier.per_element = true;
  Features features = features_of(graph, at);
  const std::vector<Axis> source_axes = wide_axes(features.axes);
  for (size_t i = path.size(); i-- > 0;) {
    const Op& op = *path[i];
    if (!std::visit([&](const auto& kind) { return pass(graph, op, kind, features); }, op.kind)) return;
  }
  const std::vector<Axis> wide = wide_axes(features.axes);
  if (features.averaged == 1 && wide != source_axes) return;
  const bool one_a_channel = wide.empty() || (wide.size() == 1 && wide[0].name == 'C');
  if (features.averaged > 1 && !one_a_channel) return;
  const int64_t made = graph.tensor(at).elements() / features.averaged;
  if (made != classifier.features) return;
  classifier.source = at;
  classifier.positions_averaged = features.averaged;
  classifier.per_element = features.averaged == 1;
  classifier.unclamped = features.unclamped;
}

std::vector<bool> feature_layers(const Network& network) {
  std::vector<bool> result(network.layers.size(), false);
  TensorId at = network.classifier.feature_tensor;
  for (size_t i = network.layers.size(); i-- > 0 && at != network.classifier.source;) {
    if (network.layers[i].output != at) continue;
    result[i] = true;
    at = network.layers[i].inputs[0];
  }
  return result;
}

}  // namespace thaw
