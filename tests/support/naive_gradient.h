// Backpropagation in binary64, layer by layer, straight from the network: every gradient kept, nothing
// skipped, nothing known of the plan but where a step left its activations and masks.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/exec/executor.h"
#include "sim/graph/activation_range.h"
#include "sim/graph/window.h"
#include "sim/plan/lower.h"
#include "tests/support/naive_operators.h"
#include "tests/support/noise.h"

namespace thaw::testing {

/// One element of a convolution's sum: y += w * x.
struct Product {
  size_t output, input, weight, channel;  // channel: of the output
};

/// Calls `use` for every product of a convolution whose input lies inside the image.
template <class Use>
void for_each_product(const Convolution& c, const Use& use) {
  const Window& w = c.window;
  for (int32_t oy = 0; oy < w.output_height; ++oy)
    for (int32_t ox = 0; ox < w.output_width; ++ox)
      for (int32_t ky = 0; ky < w.kernel_height; ++ky)
        for (int32_t kx = 0; kx < w.kernel_width; ++kx) {
          const int32_t y = oy * w.stride_height - w.pad_top + ky * w.dilation_height;
          const int32_t x = ox * w.stride_width - w.pad_left + kx * w.dilation_width;
          if (y < 0 || y >= w.input_height || x < 0 || x >= w.input_width) continue;
          const int32_t tap = ky * w.kernel_width + kx;
          for (int32_t o = 0; o < w.output_channels; ++o) {
            const int32_t begin = c.depthwise ? o / c.depth_multiplier : 0;
            const int32_t end = c.depthwise ? begin + 1 : w.input_channels;
            for (int32_t i = begin; i < end; ++i) {
              const int32_t weight = c.depthwise
                                         ? tap * w.output_channels + o
                                         : (o * static_cast<int32_t>(w.taps()) + tap) * w.input_channels + i;
              use({static_cast<size_t>((oy * w.output_width + ox) * w.output_channels + o),
                   static_cast<size_t>((y * w.input_width + x) * w.input_channels + i),
                   static_cast<size_t>(weight), static_cast<size_t>(o)});
            }
          }
        }
}

/// One network, its plan, and an executor whose buffers all survive a step.
struct TrainedNetwork {
  Network network;
  Schedule schedule;
  Plan plan;
  Executor executor;

  TrainedNetwork(Network reduced, Schedule chosen, uint32_t seed)
      : network(std::move(reduced)),
        schedule(std::move(chosen)),
        plan(plan_of(network, schedule)),
        executor(plan, {}, KernelSet::portable, seed) {
    Noise noise(seed + 5);
    for (std::byte& v : executor.bytes(plan.inputs[0])) v = static_cast<std::byte>(noise.in(-128, 127));
  }

  /// Less is trained where gradients stop.
  static Plan plan_of(const Network& network, Schedule& schedule) {
    for (;;) {
      try {
        return lower(network, schedule);
      } catch (const Error&) {
        schedule.update.erase(schedule.update.begin());
      }
    }
  }

  double scale(TensorId id) const {
    return static_cast<double>(network.graph.tensor(id).quantization.scale());
  }
  std::span<const int8_t> activation(TensorId id) {
    return executor.values<int8_t>(plan.buffer_of_tensor[network.alias[id.index()].index()]);
  }
  /// One bit an element of the layer's output; empty where nothing can be clamped.
  std::span<const uint8_t> mask(const Layer& layer) {
    for (const Step& step : plan.steps) {
      if (step.name != layer.name) continue;
      const auto mask_of = [](const auto& k) {
        if constexpr (requires { k.output, k.mask; }) return k.mask;
        return BufferId{};
      };
      const bool makes_gradient = std::holds_alternative<MakeGradient>(step.kernel);
      const BufferId id = makes_gradient ? BufferId{} : std::visit(mask_of, step.kernel);
      if (id.present()) return executor.values<uint8_t>(id);
    }
    return {};
  }
  /// Whether the plan has a gradient of the layer's output.
  bool has_gradient(const Layer& layer) const {
    return std::ranges::any_of(plan.gradient_tensors,
                               [&](const GradientTensor& g) { return g.name == layer.name; });
  }
};

// ---- from the features to their source, one operator of the model after the other -------------------------

/// The gradient of what an operator on the way reads, from that of what it makes.
inline Values before(const Network& network, const Op& op, const Values& gradient) {
  const std::vector<int32_t>& in = network.graph.tensor(op.inputs[0]).shape;
  const std::vector<int32_t>& out = network.graph.tensor(op.outputs[0]).shape;
  if (const auto* pool = std::get_if<AveragePool2d>(&op.kind)) return before_pool(*pool, in, out, gradient);
  if (const auto* mean = std::get_if<Mean>(&op.kind)) return before_mean(*mean, in, gradient);
  if (const auto* transpose = std::get_if<Transpose>(&op.kind))
    return before_transpose(*transpose, in, out, gradient);
  return gradient;  // RESHAPE
}

/// Clears what belongs to averages that were clamped, as their own values in float64 say; within half a step
/// of the end only the plan knows.
inline void clear_clamped(TrainedNetwork& run, const Op& op, Values& gradient) {
  if (!std::holds_alternative<AveragePool2d>(op.kind) && !std::holds_alternative<Mean>(op.kind)) return;
  const Quantization& q = run.network.graph.tensor(op.outputs[0]).quantization;
  const ActivationRange range = activation_range(fused_activation(op.kind), q);
  const std::span<const int8_t> input = run.activation(op.inputs[0]);
  const Quantization& from = run.network.graph.tensor(op.inputs[0]).quantization;
  for (size_t j = 0; j < gradient.size(); ++j) {
    Values one(gradient.size(), 0.0);
    one[j] = 1.0;
    const Values share = before(run.network, op, one);
    double average = 0.0;
    for (size_t e = 0; e < share.size(); ++e)
      average += share[e] * (input[e] - from.zero_point()) * static_cast<double>(from.scale());
    const double v = average / static_cast<double>(q.scale()) + q.zero_point();
    const ActivationRange kept = run.network.classifier.unclamped;
    const int8_t made = run.activation(op.outputs[0])[j];
    const bool near_end = std::abs(v - range.lowest) <= 0.75 || std::abs(v - range.highest) <= 0.75;
    if (near_end ? made < kept.lowest || made > kept.highest : v < range.lowest || v > range.highest)
      gradient[j] = 0.0;
  }
}

/// The gradient of the classifier's source, in real units, from that of the features.
inline Values before_features(TrainedNetwork& run, Values gradient) {
  TensorId tensor = run.network.classifier.feature_tensor;
  while (tensor != run.network.classifier.source) {
    const auto op = std::ranges::find_if(run.network.graph.ops,
                                         [&](const Op& candidate) { return candidate.outputs[0] == tensor; });
    clear_clamped(run, *op, gradient);
    gradient = before(run.network, *op, gradient);
    tensor = op->inputs[0];
  }
  return gradient;
}

/// Clears what belongs to clamped elements of a layer's output.
inline void clear_masked(TrainedNetwork& run, const Layer& layer, std::span<const uint8_t> mask,
                         Values& gradient) {
  const Graph& graph = run.network.graph;
  const ActivationRange clamp =
      activation_range(fused_activation(graph.op(layer.op).kind), graph.tensor(layer.output).quantization);
  if (mask.empty()) {
    // Only what makes nothing of its own, or averages int8 values without rescaling them, needs none.
    EXPECT_EQ(clamp, ActivationRange{}) << layer.name;
    EXPECT_TRUE(std::holds_alternative<PlainOperator>(layer.kind)) << layer.name;
    return;
  }
  const std::span<const int8_t> output = run.activation(layer.output);
  for (size_t e = 0; e < gradient.size(); ++e) {
    const bool passes = ((mask[e / 8] >> (e % 8)) & 1) != 0;
    // Strictly inside the clamp nothing was clamped; on its edge only the kernel knows.
    const bool inside = output[e] > clamp.lowest && output[e] < clamp.highest;
    EXPECT_TRUE(passes || !inside) << layer.name << ", element " << e;
    if (!passes) gradient[e] = 0.0;
  }
}

/// Gradients on their way from the loss, by tensor of the model: real units, and how many terms made each.
struct Arriving {
  std::vector<Values> values;
  std::vector<int32_t> terms;

  explicit Arriving(const Graph& graph) : values(graph.tensors.size()), terms(graph.tensors.size()) {}

  /// Where the next term of a tensor is to be added.
  Values& next_term(const Graph& graph, TensorId id) {
    values[id.index()].resize(static_cast<size_t>(graph.tensor(id).elements()), 0.0);
    ++terms[id.index()];
    return values[id.index()];
  }
};

/// The integers of a tensor, a constant or an activation.
inline std::vector<int32_t> integers_of(TrainedNetwork& run, TensorId id) {
  const Tensor& tensor = run.network.graph.tensor(id);
  if (tensor.is_constant()) return {tensor.int8_data(), tensor.int8_data() + tensor.elements()};
  const std::span<const int8_t> values = run.activation(id);
  return {values.begin(), values.end()};
}

/// To input k of an element-wise operator.
inline Values before_binary(TrainedNetwork& run, const Op& op, size_t k, const Values& gradient) {
  const Graph& graph = run.network.graph;
  const Tensor& own = graph.tensor(op.inputs[k]);
  const Tensor& other = graph.tensor(op.inputs[1 - k]);
  const std::vector<int32_t> own_values = integers_of(run, own.id), others = integers_of(run, other.id);
  const auto real = [](const Tensor& t, int32_t v) {
    return (v - t.quantization.zero_point()) * static_cast<double>(t.quantization.scale());
  };
  const Tensor& output = graph.tensor(op.outputs[0]);
  Values result(own_values.size(), 0.0);
  for_each_position(output.shape, [&](const std::vector<int32_t>& p) {
    const size_t e = broadcast_element(own.shape, p);
    const double x = real(own, own_values[e]), y = real(other, others[broadcast_element(other.shape, p)]);
    result[e] += gradient[at(output.shape, p)] * binary_slope(op.kind, k, x, y) * run.scale(own.id) /
                 run.scale(output.id);
  });
  return result;
}

/// To input k of a CONCATENATION or PACK.
inline Values before_concatenation(const Graph& graph, const Op& op, size_t k, const Values& gradient) {
  const auto& kind = std::get<Concatenation>(op.kind);
  const auto axis = static_cast<size_t>(kind.axis);
  const auto shape_of = [&](size_t i) {
    std::vector<int32_t> shape = graph.tensor(op.inputs[i]).shape;
    if (kind.new_axis) shape.insert(shape.begin() + kind.axis, 1);
    return shape;
  };
  int32_t first = 0;
  for (size_t i = 0; i < k; ++i) first += shape_of(i)[axis];
  Values result;
  for_each_position(shape_of(k), [&](std::vector<int32_t> p) {
    p[axis] += first;
    result.push_back(gradient[at(graph.tensor(op.outputs[0]).shape, p)]);
  });
  return result;
}

inline Values before_unary(TrainedNetwork& run, const Op& op, const Values& gradient) {
  const Quantization& in = run.network.graph.tensor(op.inputs[0]).quantization;
  const Quantization& out = run.network.graph.tensor(op.outputs[0]).quantization;
  const std::vector<int32_t> x = integers_of(run, op.inputs[0]);
  double divisor = 1.0;
  if (op.inputs.size() > 1) {
    const Tensor& constant = run.network.graph.tensor(op.inputs[1]);
    divisor = (constant.int8_data()[0] - constant.quantization.zero_point()) *
              static_cast<double>(constant.quantization.scale());
  }
  Values result;
  for (size_t e = 0; e < x.size(); ++e) {
    const double real = (x[e] - in.zero_point()) * static_cast<double>(in.scale());
    result.push_back(gradient[e] * look_up_slope(op.kind, real, divisor, out) *
                     static_cast<double>(in.scale()) / static_cast<double>(out.scale()));
  }
  return result;
}

/// Sends the gradient of an operator with several inputs, or of a look-up; false for others.
inline bool send_back_to_each(TrainedNetwork& run, const Layer& layer, const Values& gradient,
                              Arriving& arriving) {
  const Graph& graph = run.network.graph;
  const Op& op = graph.op(layer.op);
  const bool joined = std::holds_alternative<Concatenation>(op.kind);
  const bool unary = std::holds_alternative<Unary>(op.kind) || std::holds_alternative<Quantize>(op.kind);
  if (!joined && !unary && !std::holds_alternative<Binary>(op.kind) && !std::holds_alternative<Add>(op.kind))
    return false;
  for (size_t k = 0; k < op.inputs.size(); ++k) {
    if (graph.tensor(op.inputs[k]).is_constant()) continue;
    const Values sent = joined  ? before_concatenation(graph, op, k, gradient)
                        : unary ? before_unary(run, op, gradient)
                                : before_binary(run, op, k, gradient);
    Values& to = arriving.next_term(graph, layer.inputs[k]);
    for (size_t e = 0; e < sent.size(); ++e) to[e] += sent[e];
  }
  return true;
}

/// Sends the gradient of another operator's output to what it reads.
inline void send_back_plain(TrainedNetwork& run, const Layer& layer, const Values& gradient,
                            Arriving& arriving) {
  if (send_back_to_each(run, layer, gradient, arriving)) return;
  const Graph& graph = run.network.graph;
  const Op& op = graph.op(layer.op);
  const std::vector<int32_t>& in = graph.tensor(op.inputs[0]).shape;
  const std::vector<int32_t>& out = graph.tensor(layer.output).shape;
  Values sent;
  if (const auto* pool = std::get_if<MaxPool2d>(&op.kind))
    sent = before_max_pool(*pool, run.activation(op.inputs[0]), in, out, gradient);
  else if (const auto* pad = std::get_if<Pad>(&op.kind))
    sent = before_pad(*pad, in, out, gradient);
  else if (const auto* slice = std::get_if<Slice>(&op.kind))
    sent = before_slice(*slice, in, gradient);
  else if (const auto* resize = std::get_if<Resize>(&op.kind))
    sent = before_resize(*resize, in, out, gradient);
  else
    sent = before(run.network, op, gradient);
  const double factor =
      std::holds_alternative<Mean>(op.kind) ? run.scale(op.inputs[0]) / run.scale(layer.output) : 1.0;
  Values& to = arriving.next_term(graph, layer.inputs[0]);
  for (size_t e = 0; e < sent.size(); ++e) to[e] += sent[e] * factor;
}

/// Sends a layer's gradient, of a convolution's accumulator or of an add's output, to what the layer reads.
inline void send_back(TrainedNetwork& run, const Layer& layer, const Values& gradient, Arriving& arriving) {
  const Graph& graph = run.network.graph;
  if (const auto* convolution = std::get_if<Convolution>(&layer.kind)) {
    Values& to = arriving.next_term(graph, layer.inputs[0]);
    for_each_product(*convolution, [&](const Product& p) {
      to[p.input] += gradient[p.output] * convolution->weights[p.weight];
    });
    return;
  }
  if (std::holds_alternative<PlainOperator>(layer.kind))
    return send_back_plain(run, layer, gradient, arriving);
  for (TensorId input : layer.inputs) {
    Values& to = arriving.next_term(graph, input);
    const double factor = run.scale(input) / run.scale(layer.output);
    for (size_t e = 0; e < gradient.size(); ++e) to[e] += gradient[e] * factor;
  }
}

/// Walks from the features, whose gradient is given in real units, to the first trained layer. For each layer
/// with a gradient tensor calls kept(layer, expected, terms): its gradient from `terms` terms; the walk goes
/// on with what that returns, so that each tensor is expected from the ones that it was made of.
template <class Kept>
void walk_back(TrainedNetwork& run, Values of_features, const Kept& kept) {
  const Network& network = run.network;
  Arriving arriving(network.graph);
  const TensorId source_tensor = network.classifier.source;
  Values& source = arriving.next_term(network.graph, source_tensor);
  source = before_features(run, std::move(of_features));
  for (double& g : source) g *= run.scale(source_tensor);
  for (size_t l = network.layers.size(); l-- > 0;) {
    const Layer& layer = network.layers[l];
    Values gradient = arriving.values[layer.output.index()];
    if (gradient.empty() || !run.has_gradient(layer)) continue;  // nothing before it is trained
    clear_masked(run, layer, run.mask(layer), gradient);
    if (const auto* convolution = std::get_if<Convolution>(&layer.kind)) {
      const size_t channels = convolution->weight_scales.size();
      const double in_per_out = run.scale(layer.inputs[0]) / run.scale(layer.output);
      for (size_t e = 0; e < gradient.size(); ++e)
        gradient[e] *= in_per_out * convolution->weight_scales[e % channels];
    }
    send_back(run, layer, kept(layer, gradient, arriving.terms[layer.output.index()]), arriving);
  }
}

}  // namespace thaw::testing
