#include "sim/plan/operator_gradient.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <type_traits>
#include <variant>
#include <vector>

#include "engine/kernels/max_pool2d.h"
#include "sim/graph/activation_range.h"
#include "sim/graph/resize_axis.h"
#include "sim/plan/look_up_table.h"
#include "sim/plan/operator_geometry.h"
#include "sim/plan/plan_builder.h"

namespace thaw {
namespace {

double scale_ratio(const Tensor& over, const Tensor& under) {
  return static_cast<double>(over.quantization.scale()) / static_cast<double>(under.quantization.scale());
}

template <class Pool>
thaw_pool2d pool_of(const Graph& graph, const Op& op, const Pool&) {
  return std::get<PoolForward>(plain_kernel(graph, op)).pool;
}

int64_t overlapping(int32_t filter, int32_t stride) {
  return (filter + stride - 1) / stride;
}

/// Outputs along an axis that read one position of the input.
int64_t most_readers(const Resize& resize, int32_t in, int32_t out) {
  const std::vector<int32_t> readers = nearest_readers(resize, in, out);
  int64_t most = 1;
  for (size_t i = 1; i < readers.size(); ++i) most = std::max<int64_t>(most, readers[i] - readers[i - 1]);
  return most;
}

// One function an operator; what has none stops gradients.
using Rule = std::optional<OperatorGradient>;

Rule rule_of(const Graph& graph, const Op& op, const MaxPool2d& kind, size_t) {
  const thaw_pool2d pool = pool_of(graph, op, kind);
  return OperatorGradient{MaxPoolRule{pool, {}}, 1.0,
                          overlapping(pool.filter_height, pool.stride_height) *
                              overlapping(pool.filter_width, pool.stride_width)};
}

/// Along an axis the shares of all windows of one element add up to at most 2: where windows are cut off at
/// the end of the image they keep half of their taps, or see all of it.
Rule rule_of(const Graph& graph, const Op& op, const AveragePool2d& kind, size_t) {
  return OperatorGradient{AveragePoolRule{pool_of(graph, op, kind)}, 1.0, 4};
}

Rule rule_of(const Graph& graph, const Op& op, const Mean&, size_t) {
  const thaw_mean mean = std::get<MeanForward>(plain_kernel(graph, op)).mean;
  const std::vector<int32_t> shape(std::begin(mean.dims), std::end(mean.dims));
  std::vector<int32_t> kept = shape;
  const auto averaged = [&](size_t axis) { return (mean.axes >> axis & 1) != 0; };
  int32_t count = 1;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (!averaged(i)) continue;
    count *= shape[i];
    kept[i] = 1;
  }
  std::vector<int32_t> strides = strides_of(kept);
  for (size_t i = 0; i < kept.size(); ++i)
    if (averaged(i)) strides[i] = 0;
  const double ratio = scale_ratio(graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0]));
  return OperatorGradient{ViewRule{whole_view(shape, strides)}, ratio / count, 1};
}

Rule rule_of(const Graph& graph, const Op& op, const Transpose&, size_t) {
  const thaw_view view = transpose_view(graph.tensor(op.inputs[0]).shape, std::get<Transpose>(op.kind));
  return OperatorGradient{ViewRule{view}, 1.0, 1};
}

Rule rule_of(const Graph& graph, const Op& op, const Pad&, size_t) {
  if (scale_ratio(graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])) != 1.0) return std::nullopt;
  const thaw_pad pad = std::get<PadForward>(plain_kernel(graph, op)).pad;
  const std::vector<int32_t> shape(std::begin(pad.dims), std::end(pad.dims));
  std::vector<int32_t> padded = shape;
  for (size_t i = 0; i < shape.size(); ++i) padded[i] += pad.before[i] + pad.after[i];
  const std::vector<int32_t> strides = strides_of(padded);
  thaw_view view = whole_view(shape, strides);
  for (size_t i = 0; i < shape.size(); ++i) view.offset += pad.before[i] * strides[i];
  return OperatorGradient{ViewRule{view}, 1.0, 1};
}

/// The real slope that a weight of 1 stands for.
double prelu_unit(const Graph& graph, const Op& op, const thaw_binary& binary) {
  return std::ldexp(static_cast<double>(graph.tensor(op.inputs[1]).quantization.scale()),
                    -binary.second_shift);
}

/// Outputs that read one element of an input, and by how much each may count.
Rule binary_rule(const Graph& graph, const Op& op, size_t input) {
  const BinaryRule rule{binary_of(graph, op), input == 1, {}, {}};
  const int64_t readers = graph.tensor(op.outputs[0]).elements() / graph.tensor(op.inputs[input]).elements();
  const Tensor& output = graph.tensor(op.outputs[0]);
  const double own = scale_ratio(graph.tensor(op.inputs[input]), output);
  switch (rule.binary.function) {
    case THAW_BINARY_ADD:
    case THAW_BINARY_SUB:
      return OperatorGradient{rule, own, readers};
    case THAW_BINARY_MUL:
      return OperatorGradient{
          rule, own * static_cast<double>(graph.tensor(op.inputs[1 - input]).quantization.scale()),
          255 * readers};
    case THAW_BINARY_PRELU:
      return OperatorGradient{
          rule, own * prelu_unit(graph, op, rule.binary),
          std::max<int64_t>(int64_t{255} << rule.binary.second_shift, rule.binary.second_multiplier)};
    case THAW_BINARY_MAXIMUM:
    case THAW_BINARY_MINIMUM:
      break;
  }
  return OperatorGradient{rule, 1.0, readers};
}

Rule rule_of(const Graph& graph, const Op& op, const Add&, size_t input) {
  if (is_residual_add(graph, op)) return std::nullopt;  // a stored gradient: FromStored
  return binary_rule(graph, op, input);
}

Rule rule_of(const Graph& graph, const Op& op, const Binary&, size_t input) {
  return binary_rule(graph, op, input);
}

Rule rule_of(const Graph& graph, const Op& op, const Concatenation&, size_t input) {
  return OperatorGradient{ViewRule{std::get<ViewForward>(plain_kernel(graph, op)).parts[input].view}, 1.0, 1};
}

Rule rule_of(const Graph& graph, const Op& op, const Slice&, size_t) {
  return OperatorGradient{ViewRule{std::get<ViewForward>(plain_kernel(graph, op)).parts[0].view}, 1.0, 1};
}

Rule rule_of(const Graph& graph, const Op& op, const Resize& kind, size_t) {
  if (kind.bilinear) return std::nullopt;
  const auto k = std::get<ResizeForward>(plain_kernel(graph, op));
  const int64_t readers = most_readers(kind, k.resize.input_height, k.resize.output_height) *
                          most_readers(kind, k.resize.input_width, k.resize.output_width);
  return OperatorGradient{ResizeRule{k.resize, {}, {}}, 1.0, readers};
}

Rule table_rule(const Graph& graph, const Op& op) {
  return OperatorGradient{TableRule{}, look_up_slopes(graph, op).factor, kSlopeOne};
}

Rule rule_of(const Graph& graph, const Op& op, const Unary&, size_t) {
  return table_rule(graph, op);
}

/// Between int8 and int8: the function that keeps the real value, 0 where that leaves the output's range.
Rule rule_of(const Graph& graph, const Op& op, const Quantize&, size_t) {
  if (graph.tensor(op.inputs[0]).type != DataType::int8) return std::nullopt;
  return table_rule(graph, op);
}

template <class Other>
Rule rule_of(const Graph&, const Op&, const Other&, size_t) {
  return std::nullopt;
}

Rule rule_at(const Graph& graph, const Op& op, size_t input) {
  return std::visit([&](const auto& kind) { return rule_of(graph, op, kind, input); }, op.kind);
}

}  // namespace

std::string why_no_gradient(const Graph& graph, const Op& op) {
  if (const auto* pool = std::get_if<MaxPool2d>(&op.kind);
      pool != nullptr && int64_t{pool->filter_height} * pool->filter_width > THAW_WINNER_TAPS)
    return "MAX_POOL_2D has windows of more than " + std::to_string(THAW_WINNER_TAPS) + " taps";
  if (rule_at(graph, op, 0)) return "";
  return std::string(op_name(op.kind)) + " has no gradient rule in the integer contract";
}

OperatorGradient operator_gradient(const Graph& graph, const Op& op, size_t input) {
  return rule_at(graph, op, input).value();
}

bool may_clamp(const Graph& graph, const Op& op) {
  if (const auto* binary = std::get_if<Binary>(&op.kind))
    return binary->function != BinaryFunction::maximum && binary->function != BinaryFunction::minimum;
  if (std::holds_alternative<Mean>(op.kind) || std::holds_alternative<Add>(op.kind)) return true;
  return activation_range(fused_activation(op.kind), graph.tensor(op.outputs[0]).quantization) !=
         ActivationRange{};
}

int32_t left_shift_of(const OperatorGradient& gradient, int32_t bits) {
  const auto weight_bits =
      static_cast<int32_t>(std::bit_width(static_cast<uint64_t>(gradient.most_weight - 1)));
  return std::min(16, 30 - bits - weight_bits);
}

}  // namespace thaw
