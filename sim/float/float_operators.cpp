#include "sim/float/float_operators.h"

#include <cassert>
#include <cstddef>
#include <variant>
#include <vector>

#include "sim/graph/activation_range.h"
#include "sim/plan/look_up_table.h"
#include "sim/plan/operator_gradient.h"

namespace thaw {
namespace {

/// Calls use(output element, the input elements under its window) for every window.
template <class Use>
void for_each_window(const thaw_pool2d& pool, const Use& use) {
  std::vector<size_t> taps;
  for (int32_t y = 0; y < pool.output_height; ++y)
    for (int32_t x = 0; x < pool.output_width; ++x) {
      const thaw_range rows =
          thaw_pool2d_window(y, pool.stride_height, pool.pad_top, pool.filter_height, pool.input_height);
      const thaw_range columns =
          thaw_pool2d_window(x, pool.stride_width, pool.pad_left, pool.filter_width, pool.input_width);
      for (int32_t c = 0; c < pool.channels; ++c) {
        taps.clear();
        for (int32_t in_y = rows.begin; in_y < rows.end; ++in_y)
          for (int32_t in_x = columns.begin; in_x < columns.end; ++in_x)
            taps.push_back(static_cast<size_t>((in_y * pool.input_width + in_x) * pool.channels + c));
        use(static_cast<size_t>((y * pool.output_width + x) * pool.channels + c), taps);
      }
    }
}

/// One sample: adds what each output element's gradient, the clamped ones taken out, sends to the input.
struct SendBack {
  const float* input;
  const float* gradient;
  float factor;
  int64_t elements;  // of the output
  float* result;

  void operator()(const MaxPoolRule& rule) const {
    for_each_window(rule.pool, [&](size_t output, const std::vector<size_t>& taps) {
      size_t winner = taps[0];
      for (size_t tap : taps)
        if (input[tap] > input[winner]) winner = tap;
      result[winner] += gradient[output] * factor;
    });
  }
  void operator()(const AveragePoolRule& rule) const {
    for_each_window(rule.pool, [&](size_t output, const std::vector<size_t>& taps) {
      for (size_t tap : taps) result[tap] += gradient[output] * factor / static_cast<float>(taps.size());
    });
  }
  /// float_model refuses the operators of these rules.
  void operator()(const BinaryRule&) const { assert(false); }
  void operator()(const ResizeRule&) const { assert(false); }
  /// QUANTIZE: others of this rule are refused.
  void operator()(const TableRule&) const {
    for (int64_t e = 0; e < elements; ++e) result[e] += gradient[e] * factor * static_cast<float>(kSlopeOne);
  }
  void operator()(const ViewRule& rule) const {
    int32_t count = 1;
    for (int32_t size : rule.view.dims) count *= size;
    for (int32_t e = 0; e < count; ++e) {
      const int32_t place = thaw_view_place(&rule.view, e);
      if (place >= 0) result[e] += gradient[place] * factor;
    }
  }
};

}  // namespace

void add_operator_input_gradient(const FloatModel& model, const Layer& layer, const FloatOperatorBlock& block,
                                 float* result) {
  const Graph& graph = model.network.graph;
  const Op& op = graph.op(layer.op);
  const OperatorGradient rule = operator_gradient(graph, op, 0);
  const FloatTensor& output = model.tensors[layer.output.index()];
  const int64_t inputs = model.tensors[layer.inputs[0].index()].elements;
  const ActivationRange range =
      activation_range(fused_activation(op.kind), graph.tensor(layer.output).quantization);
  const float lowest = static_cast<float>(range.lowest) - output.zero_point;
  const float highest = static_cast<float>(range.highest) - output.zero_point;
  const bool clamps = may_clamp(graph, op) || std::holds_alternative<Quantize>(op.kind);
  std::vector<float> passed(static_cast<size_t>(output.elements));
  for (int32_t n = 0; n < block.samples; ++n) {
    for (int64_t e = 0; e < output.elements; ++e) {
      const int64_t at = n * output.elements + e;
      const bool inside = !clamps || (block.output[at] > lowest && block.output[at] < highest);
      passed[static_cast<size_t>(e)] = inside ? block.gradient[at] : 0.0F;
    }
    std::visit(SendBack{block.input + n * inputs, passed.data(), static_cast<float>(rule.factor),
                        output.elements, result + n * inputs},
               rule.rule);
  }
}

}  // namespace thaw
