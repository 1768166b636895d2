// The same network as other converters write it: SAME windows as PAD and a VALID window, float32 ends.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "sim/graph/graph.h"
#include "sim/graph/window.h"

namespace thaw::testing {

/// Grows a graph operator by operator, in the order given.
inline TensorId add_like(Graph& graph, const Tensor& model, const std::string& suffix,
                         std::vector<int32_t> shape) {
  Tensor tensor = model;
  tensor.id = TensorId(graph.tensors.size());
  tensor.name += suffix;
  tensor.shape = std::move(shape);
  graph.tensors.push_back(std::move(tensor));
  return graph.tensors.back().id;
}

inline void number_operators(Graph& graph) {
  for (size_t i = 0; i < graph.ops.size(); ++i) graph.ops[i].id = OpId(i);
}

/// Rows or columns that SAME adds before and after.
inline std::array<int32_t, 2> same_padding(int32_t in, int32_t kernel, int32_t stride, int32_t dilation) {
  const WindowGeometry g = window_geometry(in, kernel, stride, dilation, Padding::same);
  const int32_t needed = (g.out - 1) * stride + (kernel - 1) * dilation + 1;
  return {g.pad_before, std::max(0, needed - in - g.pad_before)};
}

/// Every SAME convolution becomes a PAD and a VALID convolution: the same bits.
inline Graph with_explicit_padding(const Graph& source) {
  Graph graph = source;
  graph.ops.clear();
  const auto split = [&](Op op, auto kind) {
    const Tensor x = graph.tensor(op.inputs[0]);
    const std::vector<int32_t>& kernel = graph.tensor(op.inputs[1]).shape;
    const auto rows = same_padding(x.shape[1], kernel[1], kind.stride_height, kind.dilation_height);
    const auto columns = same_padding(x.shape[2], kernel[2], kind.stride_width, kind.dilation_width);
    const TensorId padded =
        add_like(graph, x, "/padded",
                 {1, x.shape[1] + rows[0] + rows[1], x.shape[2] + columns[0] + columns[1], x.shape[3]});
    graph.ops.push_back({OpId(0), {x.id}, {padded}, Pad{{{0, 0}, rows, columns, {0, 0}}}});
    kind.padding = Padding::valid;
    op.inputs[0] = padded;
    op.kind = kind;
    graph.ops.push_back(op);
  };
  for (const Op& op : source.ops) {
    const auto* conv = std::get_if<Conv2d>(&op.kind);
    const auto* depthwise = std::get_if<DepthwiseConv2d>(&op.kind);
    if (conv != nullptr && conv->padding == Padding::same)
      split(op, *conv);
    else if (depthwise != nullptr && depthwise->padding == Padding::same)
      split(op, *depthwise);
    else
      graph.ops.push_back(op);
  }
  number_operators(graph);
  return graph;
}

/// QUANTIZE in front and DEQUANTIZE behind.
inline Graph with_float_ends(Graph graph, bool input, bool output) {
  const auto as_float = [&](TensorId id) {
    const TensorId made = add_like(graph, graph.tensor(id), "/float", graph.tensor(id).shape);
    graph.tensors[made.index()].type = DataType::float32;
    graph.tensors[made.index()].quantization = {};
    return made;
  };
  if (input) {
    const TensorId fed = as_float(graph.inputs[0]);
    graph.ops.insert(graph.ops.begin(), {OpId(0), {fed}, {graph.inputs[0]}, Quantize{}});
    graph.inputs[0] = fed;
  }
  if (output) {
    const TensorId given = as_float(graph.outputs[0]);
    graph.ops.push_back({OpId(0), {graph.outputs[0]}, {given}, Dequantize{}});
    graph.outputs[0] = given;
  }
  number_operators(graph);
  return graph;
}

}  // namespace thaw::testing
