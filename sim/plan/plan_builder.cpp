#include "sim/plan/plan_builder.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "sim/graph/folded_axes.h"
#include "sim/graph/resize_axis.h"
#include "sim/graph/same_values.h"
#include "sim/graph/slice_shape.h"
#include "sim/graph/window.h"
#include "sim/plan/buffers.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/look_up_table.h"
#include "sim/plan/lstm_plan.h"
#include "sim/plan/operator_geometry.h"

namespace thaw {

PlanBuilder::PlanBuilder(const Graph& graph_) : graph(graph_) {
  plan.buffer_of_tensor.resize(graph.tensors.size());
  plan.model_file = graph.file_name;
  plan.model_sha256 = graph.sha256;
}

BufferId PlanBuilder::buffer(BufferKind kind, std::string name, int64_t bytes, int32_t alignment) {
  Buffer made;
  made.id = BufferId(plan.buffers.size());
  made.name = std::move(name);
  made.kind = kind;
  made.bytes = bytes;
  made.alignment = alignment;
  plan.buffers.push_back(std::move(made));
  return plan.buffers.back().id;
}

BufferId PlanBuilder::variable(const StateVariable& about) {
  const auto* first = reinterpret_cast<const int8_t*>(about.initial.data());
  std::vector<int8_t> start(first, first + about.initial.size());
  const bool repeated = std::ranges::count(start, start[0]) == std::ranges::ssize(start);
  if (repeated) start.resize(1);
  const BufferId initial = constant(about.name + ".start", start);
  const BufferId id = buffer(BufferKind::variable, about.name, static_cast<int64_t>(about.initial.size()), 1);
  Buffer& made = plan.buffers[id.index()];
  made.initial_value = repeated ? InitialValue::repeated_constant : InitialValue::copy_of_constant;
  made.initial = initial;
  return id;
}

BufferId PlanBuilder::activation(TensorId tensor) {
  if (BufferId& id = plan.buffer_of_tensor[tensor.index()]; !id.present()) {
    const Tensor& t = graph.tensor(tensor);
    if (t.is_constant())
      return id = constant(t.name, std::vector<int8_t>(t.int8_data(), t.int8_data() + t.bytes()));
    id = buffer(BufferKind::activation, t.name, t.bytes(), static_cast<int32_t>(size_of(t.type)));
    plan.buffers[id.index()].tensor = tensor;
  }
  return plan.buffer_of_tensor[tensor.index()];
}

void PlanBuilder::input(TensorId tensor) {
  // A sound or a vector has no height: it is one row.
  const std::vector<int32_t>& shape = graph.tensor(tensor).shape;
  constexpr int32_t kMostRows = 65534;  // the device counts them in 16 bits
  if (plan.inputs.empty() && shape.size() >= 3 && shape.size() <= 4 && shape[shape.size() - 3] <= kMostRows)
    plan.input_rows = shape[shape.size() - 3];
  plan.inputs.push_back(activation(tensor));
}

void PlanBuilder::step(std::string name, Phase phase, OpId op, Kernel kernel, int64_t macs) {
  Step made;
  made.name = std::move(name);
  made.phase = phase;
  made.op = op;
  made.kernel = std::move(kernel);
  made.macs = macs;
  plan.steps.push_back(std::move(made));
}

namespace {

/// Sizes as four dimensions, ones in front. Returns how many those are.
size_t four_dimensions(const std::vector<int32_t>& sizes, int32_t (&dimensions)[kKernelAxes]) {
  assert(sizes.size() <= kKernelAxes);
  std::fill(std::begin(dimensions), std::end(dimensions), 1);
  std::copy_backward(sizes.begin(), sizes.end(), std::end(dimensions));
  return kKernelAxes - sizes.size();
}

template <class Pool>
PoolForward pool_kernel(const Pool& pool, const Tensor& input, const Tensor& output) {
  PoolForward k;
  thaw_pool2d& p = k.pool;
  p.input_height = input.shape[1];
  p.input_width = input.shape[2];
  p.channels = input.shape[3];
  p.filter_height = pool.filter_height;
  p.filter_width = pool.filter_width;
  p.stride_height = pool.stride_height;
  p.stride_width = pool.stride_width;
  const auto rows = window_geometry(p.input_height, p.filter_height, p.stride_height, 1, pool.padding);
  const auto columns = window_geometry(p.input_width, p.filter_width, p.stride_width, 1, pool.padding);
  p.output_height = rows.out;
  p.output_width = columns.out;
  p.pad_top = rows.pad_before;
  p.pad_left = columns.pad_before;
  const ActivationRange clamp = activation_range(pool.activation, output.quantization);
  p.clamp_low = clamp.lowest;
  p.clamp_high = clamp.highest;
  return k;
}

/// TFLite Micro folds the division by the count into the multiplier: m' = floor(m * 2^k / n).
MeanForward mean_kernel(const Mean& mean, const Tensor& input, const Tensor& output) {
  MeanForward k;
  thaw_mean& p = k.mean;
  const MeanAxes axes = folded_axes(input.shape, mean);
  const size_t offset = four_dimensions(axes.sizes, p.dims);
  int32_t count = 1;
  for (size_t i = 0; i < axes.sizes.size(); ++i) {
    if (!axes.reduced[i]) continue;
    p.axes = static_cast<uint8_t>(p.axes | (1U << (offset + i)));
    count *= axes.sizes[i];
  }
  p.input_offset = input.quantization.zero_point() * count;
  p.output_zero_point = output.quantization.zero_point();
  const QuantizedMultiplier scale = quantize_multiplier(static_cast<double>(input.quantization.scale()) /
                                                        static_cast<double>(output.quantization.scale()));
  int32_t log2_count = 0;
  while ((int64_t{2} << log2_count) <= count) ++log2_count;
  const int32_t shift = std::min({log2_count, 32, 31 + scale.shift});
  p.multiplier = static_cast<int32_t>((int64_t{scale.multiplier} << shift) / count);
  p.shift = scale.shift - shift;
  return k;
}

PadForward pad_kernel(const Pad& pad, const Tensor& input, const Tensor& output) {
  PadForward k;
  const PadAxes axes = folded_axes(input.shape, pad);
  const size_t offset = four_dimensions(axes.sizes, k.pad.dims);
  for (size_t i = 0; i < axes.paddings.size(); ++i) {
    k.pad.before[offset + i] = axes.paddings[i][0];
    k.pad.after[offset + i] = axes.paddings[i][1];
  }
  k.pad.value = output.quantization.zero_point();
  return k;
}

Kernel transpose_kernel(const Transpose& transpose, const Tensor& input) {
  const TransposeAxes axes = folded_axes(input.shape, transpose);
  if (axes.sizes.size() > kKernelAxes) return ViewForward{{{transpose_view(input.shape, transpose), {}}}, {}};
  TransposeForward k;
  const size_t offset = four_dimensions(axes.sizes, k.transpose.dims);
  std::iota(std::begin(k.transpose.permutation), std::end(k.transpose.permutation), 0);
  for (size_t i = 0; i < axes.permutation.size(); ++i)
    k.transpose.permutation[offset + i] = axes.permutation[i] + static_cast<int32_t>(offset);
  return k;
}

/// Input scaled to Q5.26; differences below `cut` have exponent 0 (TFLite, gemmlowp).
SoftmaxForward softmax_kernel(const Softmax& softmax, const Tensor& input) {
  SoftmaxForward k;
  thaw_softmax& p = k.softmax;
  p.depth = input.shape.back();
  p.rows = static_cast<int32_t>(input.elements() / p.depth);
  const QuantizedMultiplier scale = quantize_multiplier(std::min(
      static_cast<double>(softmax.beta) * static_cast<double>(input.quantization.scale()) * (1 << 26),
      2147483647.0));
  p.multiplier = scale.multiplier;
  p.shift = scale.shift;
  p.cut = -static_cast<int32_t>(std::floor(std::ldexp(31.0 * (1 << 26), -scale.shift)));
  return k;
}

CopyForward copy_kernel(int64_t bytes) {
  CopyForward k;
  k.bytes = bytes;
  return k;
}

Kernel quantize_kernel(const Tensor& input, const Tensor& output) {
  if (input.type == DataType::float32) {
    QuantizeForward k;
    k.quantize.elements = static_cast<int32_t>(output.elements());
    k.quantize.scale = output.quantization.scale();
    k.quantize.zero_point = output.quantization.zero_point();
    return k;
  }
  if (requantizes_to_itself(input.quantization, output.quantization)) return copy_kernel(output.bytes());
  const QuantizedMultiplier scale = quantize_multiplier(static_cast<double>(input.quantization.scale()) /
                                                        static_cast<double>(output.quantization.scale()));
  RequantizeForward k;
  thaw_requantize& p = k.requantize;
  p.elements = static_cast<int32_t>(output.elements());
  p.input_zero_point = input.quantization.zero_point();
  p.output_zero_point = output.quantization.zero_point();
  p.multiplier = scale.multiplier;
  p.shift = scale.shift;
  return k;
}

DequantizeForward dequantize_kernel(const Tensor& input, const Tensor& output) {
  DequantizeForward k;
  k.dequantize.elements = static_cast<int32_t>(output.elements());
  k.dequantize.scale = input.quantization.scale();
  k.dequantize.zero_point = input.quantization.zero_point();
  return k;
}

/// Every input behind the one before it.
ViewForward concatenation_kernel(const Graph& graph, const Op& op, const Concatenation& concatenation) {
  ViewForward k;
  const auto axis = static_cast<size_t>(concatenation.axis);
  const std::vector<int32_t> strides = strides_of(graph.tensor(op.outputs[0]).shape);
  int32_t at = 0;
  for (TensorId input : op.inputs) {
    const std::vector<int32_t> shape = shape_along(concatenation, graph.tensor(input).shape);
    ViewForward::Part part{whole_view(shape, strides), {}};
    part.view.offset = at * strides[axis];
    at += shape[axis];
    k.parts.push_back(part);
  }
  return k;
}

ResizeForward resize_kernel(const Resize& resize, const Tensor& input, const Tensor& output) {
  ResizeForward k;
  k.bilinear = resize.bilinear;
  k.resize = {input.shape[1], input.shape[2], output.shape[1], output.shape[2], input.shape[3]};
  return k;
}

void set_resize_tables(PlanBuilder& build, const Op& op, ResizeForward& k) {
  const auto& resize = std::get<Resize>(op.kind);
  const auto table = resize.bilinear ? bilinear_positions : nearest_readers;
  const std::string& name = build.graph.tensor(op.outputs[0]).name;
  k.rows = build.constant(name + ".rows", table(resize, k.resize.input_height, k.resize.output_height));
  k.columns = build.constant(name + ".columns", table(resize, k.resize.input_width, k.resize.output_width));
}

void set_lstm_constants(PlanBuilder& build, const Op& op, LstmForward& k) {
  const std::string& name = build.graph.tensor(op.outputs[0]).name;
  k.weights = build.constant(name + ".weights", lstm_weights(build.graph, op));
  k.biases = build.constant(name + ".biases", lstm_biases(build.graph, op));
  k.sigmoid = build.constant(name + ".sigmoid", lstm_sigmoid());
  k.output = build.activation(op.outputs[0]);  // the first that the step writes
  k.scratch = build.buffer(BufferKind::scratch, name + ".cell", 2 * int64_t{k.lstm.units}, 2);
}

}  // namespace

Kernel plain_kernel(const Graph& graph, const Op& op) {
  const Tensor& input = graph.tensor(op.inputs[0]);
  const Tensor& output = graph.tensor(op.outputs[0]);
  struct Make {
    const Graph& graph;
    const Op& op;
    const Tensor& in;
    const Tensor& out;
    Kernel operator()(const Conv2d&) const { return ConvolutionForward{}; }
    Kernel operator()(const DepthwiseConv2d&) const { return ConvolutionForward{}; }
    Kernel operator()(const FullyConnected&) const { return ConvolutionForward{}; }
    Kernel operator()(const Add&) const {
      if (is_residual_add(graph, op)) return AddForward{};
      return BinaryForward{binary_of(graph, op), {}, {}, {}, {}};
    }
    Kernel operator()(const AveragePool2d& p) const { return pool_kernel(p, in, out); }
    Kernel operator()(const MaxPool2d& p) const {
      PoolForward k = pool_kernel(p, in, out);
      k.maximum = true;
      return k;
    }
    Kernel operator()(const Mean& m) const { return mean_kernel(m, in, out); }
    Kernel operator()(const Pad& p) const { return pad_kernel(p, in, out); }
    Kernel operator()(const Reshape&) const { return copy_kernel(out.bytes()); }
    Kernel operator()(const Transpose& t) const { return transpose_kernel(t, in); }
    Kernel operator()(const Binary&) const { return BinaryForward{binary_of(graph, op), {}, {}, {}, {}}; }
    Kernel operator()(const Unary&) const { return TableForward{out.elements(), {}, {}, {}}; }
    Kernel operator()(const Concatenation& c) const { return concatenation_kernel(graph, op, c); }
    Kernel operator()(const Slice& s) const { return ViewForward{{{slice_view(in.shape, s), {}}}, {}}; }
    Kernel operator()(const Resize& r) const { return resize_kernel(r, in, out); }
    Kernel operator()(const Lstm& l) const {
      return LstmForward{lstm_parameters(graph, op, l), {}, {}, {}, {}, {}, {}};
    }
    Kernel operator()(const Softmax& s) const { return softmax_kernel(s, in); }
    Kernel operator()(const Quantize&) const { return quantize_kernel(in, out); }
    Kernel operator()(const Dequantize&) const { return dequantize_kernel(in, out); }
  };
  return std::visit(Make{graph, op, input, output}, op.kind);
}

void set_operands(PlanBuilder& build, const Op& op, const std::vector<TensorId>& inputs, TensorId output,
                  Kernel& kernel) {
  const auto read = [&](size_t k) { return build.activation(inputs[k]); };
  if (auto* binary = std::get_if<BinaryForward>(&kernel)) {
    binary->first_input = read(0);
    binary->second_input = read(1);
  } else if (auto* view = std::get_if<ViewForward>(&kernel)) {
    for (size_t part = 0; part < view->parts.size(); ++part) view->parts[part].input = read(part);
  } else if (auto* table = std::get_if<TableForward>(&kernel)) {
    table->table = build.constant(build.graph.tensor(output).name + ".table", look_up_table(build.graph, op));
  } else if (auto* resize = std::get_if<ResizeForward>(&kernel)) {
    set_resize_tables(build, op, *resize);
  } else if (auto* lstm = std::get_if<LstmForward>(&kernel)) {
    set_lstm_constants(build, op, *lstm);
  }
  std::visit(
      [&](auto& k) {
        if constexpr (requires { k.input; }) k.input = read(0);
        if constexpr (requires { k.output; }) k.output = build.activation(output);
      },
      kernel);
}

std::pair<BufferId, BufferId> multiplier_constants(PlanBuilder& build, const std::string& name,
                                                   const std::vector<QuantizedMultiplier>& multipliers) {
  std::vector<int32_t> values;
  std::vector<int8_t> shifts;
  for (const QuantizedMultiplier& m : multipliers) {
    values.push_back(m.multiplier);
    shifts.push_back(static_cast<int8_t>(m.shift));
  }
  return {build.constant(name + ".multipliers", values), build.constant(name + ".shifts", shifts)};
}

std::vector<int8_t> trained_channel_weights(const Convolution& c, const std::vector<uint16_t>& channels) {
  std::vector<int8_t> result;
  const int64_t taps = c.window.taps();
  if (c.depthwise) {
    for (uint16_t channel : channels)
      for (int64_t tap = 0; tap < taps; ++tap)
        result.push_back(c.weights[static_cast<size_t>(tap * c.window.output_channels + channel)]);
    return result;
  }
  for (int64_t o = 0; o < c.window.output_channels; ++o)
    for (uint16_t channel : channels)
      for (int64_t tap = 0; tap < taps; ++tap)
        result.push_back(
            c.weights[static_cast<size_t>((o * taps + tap) * c.window.input_channels + channel)]);
  return result;
}

}  // namespace thaw
