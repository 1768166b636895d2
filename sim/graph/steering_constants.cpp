#include "sim/graph/steering_constants.h"

#include <variant>

#include "sim/graph/slice_shape.h"

namespace thaw {
namespace {

/// Where STRIDED_SLICE begins and ends on each axis, and its strides.
std::vector<SteeringConstant> slice_constants(const Slice& slice) {
  std::vector<SteeringConstant> constants = {{"/begin", {}, {}}, {"/end", {}, {}}, {"/strides", {}, {}}};
  for (const TakenAxis& axis : slice.axes) {
    constants[0].values.push_back(axis.first);
    constants[1].values.push_back(axis.first + (axis.count - 1) * axis.step + (axis.step > 0 ? 1 : -1));
    constants[2].values.push_back(axis.step);
  }
  for (SteeringConstant& constant : constants)
    constant.shape = {static_cast<int32_t>(constant.values.size())};
  return constants;
}

}  // namespace

int32_t end_mask(const Slice& slice) {
  int32_t mask = 0;
  for (size_t i = 0; i < slice.axes.size(); ++i)
    if (slice.axes[i].step < 0 && slice.axes[i].first + (slice.axes[i].count - 1) * slice.axes[i].step == 0)
      mask |= 1 << i;
  return mask;
}

int32_t shrink_mask(const Slice& slice, const std::vector<int32_t>& shape) {
  int32_t mask = 0;
  const std::vector<bool> kept = kept_axes(slice, shape).value();
  for (size_t i = 0; i < kept.size(); ++i)
    if (!kept[i]) mask |= 1 << i;
  return mask;
}

std::vector<SteeringConstant> steering_constants(const Graph& graph, const Op& op) {
  const auto count = [](const auto& v) { return static_cast<int32_t>(v.size()); };
  if (const auto* mean = std::get_if<Mean>(&op.kind)) return {{"/axes", mean->axes, {count(mean->axes)}}};
  if (const auto* transpose = std::get_if<Transpose>(&op.kind))
    return {{"/permutation", transpose->permutation, {count(transpose->permutation)}}};
  if (const auto* pad = std::get_if<Pad>(&op.kind)) {
    SteeringConstant constant{"/paddings", {}, {count(pad->paddings), 2}};
    for (const auto& [before, after] : pad->paddings)
      constant.values.insert(constant.values.end(), {before, after});
    return {constant};
  }
  if (std::holds_alternative<Reshape>(op.kind) && !op.outputs.empty()) {
    const std::vector<int32_t>& shape = graph.tensor(op.outputs[0]).shape;
    return {{"/shape", shape, {count(shape)}}};
  }
  if (const auto* slice = std::get_if<Slice>(&op.kind)) return slice_constants(*slice);
  if (std::holds_alternative<Resize>(op.kind)) {
    const std::vector<int32_t>& shape = graph.tensor(op.outputs.at(0)).shape;
    return {{"/size", {shape[1], shape[2]}, {2}}};
  }
  return {};
}

}  // namespace thaw
