#include "sim/float/float_model.h"

#include <algorithm>
#include <cmath>

#include "engine/kernels/classifier.h"
#include "sim/base/error.h"
#include "sim/float/float_rounding.h"
#include "sim/graph/folded_axes.h"

namespace thaw {
namespace {

constexpr float kFloatIntegers = 16777216.0F;  // 2^24: float32 holds every integer up to here

FloatConvolution constants_of(const Network& network, size_t layer, const std::vector<FloatTensor>& tensors) {
  const auto& convolution = std::get<Convolution>(network.layers[layer].kind);
  const FloatTensor& input = tensors[network.layers[layer].inputs[0].index()];
  const FloatTensor& output = tensors[network.layers[layer].output.index()];
  FloatConvolution result;
  result.layer = layer;
  result.largest_input = std::max(127.0F - input.zero_point, 128.0F + input.zero_point);
  for (double weight_scale : convolution.weight_scales) {
    const auto effective = static_cast<float>(static_cast<double>(input.scale) * weight_scale /
                                              static_cast<double>(output.scale));
    result.effective_scales.push_back(effective);
    result.bias_scales.push_back(effective * output.scale);
    result.weight_scales.push_back(effective * output.scale / input.scale);
  }
  return result;
}

void refuse_without_rule(const Network& network, const Layer& layer) {
  if (!std::holds_alternative<PlainOperator>(layer.kind)) return;
  const OpKind& kind = network.graph.op(layer.op).kind;
  bool has = std::holds_alternative<AveragePool2d>(kind) || std::holds_alternative<MaxPool2d>(kind) ||
             std::holds_alternative<Mean>(kind) || std::holds_alternative<Pad>(kind) ||
             std::holds_alternative<Reshape>(kind) || std::holds_alternative<Quantize>(kind);
  if (const auto* transpose = std::get_if<Transpose>(&kind))
    has = folded_axes(network.graph.tensor(layer.inputs[0]).shape, *transpose).sizes.size() <= kKernelAxes;
  if (!has)
    throw Error(network.graph.file_name + ", layer '" + layer.name + "'",
                std::string(op_name(kind)) + " before the classifier has no rule in float arithmetic",
                "Use --arithmetic int8");
}

/// |weight| as an integer, cut at 2^24; also for what is not a number.
int64_t magnitude(float weight) {
  const float absolute = std::fabs(weight);
  return absolute < kFloatIntegers ? static_cast<int32_t>(absolute) : static_cast<int32_t>(kFloatIntegers);
}

/// The largest possible sum of |weight| * |input| of each output channel stays below 2^24.
bool exact_in_float(const Convolution& convolution, const std::vector<float>& by_output,
                    float largest_input) {
  const auto outputs = static_cast<size_t>(convolution.window.output_channels);
  const size_t products = by_output.size() / outputs;
  std::vector<int64_t> sums(outputs, 0);
  for (size_t row = 0; row < (convolution.depthwise ? products : outputs); ++row) {
    const float* weights = by_output.data() + row * (convolution.depthwise ? outputs : products);
    if (convolution.depthwise)
      for (size_t o = 0; o < outputs; ++o) sums[o] += magnitude(weights[o]);
    else
      for (size_t k = 0; k < products; ++k) sums[row] += magnitude(weights[k]);
  }
  const int64_t largest = *std::max_element(sums.begin(), sums.end());
  return static_cast<double>(largest) * static_cast<double>(largest_input) <
         static_cast<double>(kFloatIntegers);
}

}  // namespace

FloatModel float_model(Network network) {
  if (!network.graph.variables.empty())
    throw Error(network.graph.file_name, "has state variables, which the float arithmetic does not carry",
                "Use \"arithmetic\": \"int8\"");
  FloatModel model;
  for (const Tensor& tensor : network.graph.tensors) {
    FloatTensor entry;
    entry.elements = tensor.elements();
    if (tensor.quantization.present()) {
      entry.scale = tensor.quantization.scale();
      entry.zero_point = static_cast<float>(tensor.quantization.zero_point());
    }
    model.tensors.push_back(entry);
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    refuse_without_rule(network, network.layers[i]);
    if (std::holds_alternative<Convolution>(network.layers[i].kind))
      model.convolutions.push_back(constants_of(network, i, model.tensors));
  }
  model.network = std::move(network);
  return model;
}

FloatParameters initial_float_parameters(const FloatModel& model, uint32_t seed) {
  FloatParameters parameters;
  for (const FloatConvolution& constants : model.convolutions) {
    const auto& convolution = std::get<Convolution>(model.network.layers[constants.layer].kind);
    parameters.weights.emplace_back(convolution.weights.begin(), convolution.weights.end());
    std::vector<float>& biases = parameters.biases.emplace_back();
    for (int32_t bias : convolution.biases) biases.push_back(static_cast<float>(bias));
  }
  const Classifier& classifier = model.network.classifier;
  std::vector<int16_t> weights = classifier.weights;
  std::vector<int32_t> biases = classifier.biases;
  if (classifier.fresh) {
    weights.resize(static_cast<size_t>(classifier.classes) * static_cast<size_t>(classifier.features));
    biases.resize(static_cast<size_t>(classifier.classes));
    const auto bound =
        static_cast<int32_t>(std::llround(4096.0 / std::sqrt(double{1} * classifier.features)));
    const thaw_classifier shape = {classifier.classes, classifier.features, 0};
    thaw_classifier_start(&shape, seed, bound, weights.data(), biases.data());
  }
  const double feature_scale = static_cast<double>(model.tensors[classifier.feature_tensor.index()].scale);
  for (int16_t weight : weights)
    parameters.classifier_weights.push_back(static_cast<float>(weight) / 4096.0F);
  for (int32_t bias : biases)
    parameters.classifier_biases.push_back(static_cast<float>(bias * feature_scale / 4096.0));
  return parameters;
}

void prepare_kernel_weights(const FloatModel& model, int32_t convolution, std::span<const float> weights,
                            FloatKernelWeights& result) {
  const FloatConvolution& constants = model.convolutions[static_cast<size_t>(convolution)];
  const auto& shape = std::get<Convolution>(model.network.layers[constants.layer].kind);
  result.by_output.resize(weights.size());
  std::transform(weights.begin(), weights.end(), result.by_output.begin(), round_ties_to_even);
  result.exact_in_float = exact_in_float(shape, result.by_output, constants.largest_input);
  if (shape.depthwise) return;
  const auto outputs = static_cast<size_t>(shape.window.output_channels);
  const size_t products = weights.size() / outputs;
  result.by_input.resize(weights.size());
  for (size_t o = 0; o < outputs; ++o)
    for (size_t k = 0; k < products; ++k)
      result.by_input[k * outputs + o] = result.by_output[o * products + k];
}

std::vector<FloatKernelWeights> prepare_kernel_weights(const FloatModel& model,
                                                       const FloatParameters& parameters) {
  std::vector<FloatKernelWeights> result(model.convolutions.size());
  for (size_t i = 0; i < result.size(); ++i)
    prepare_kernel_weights(model, static_cast<int32_t>(i), parameters.weights[i], result[i]);
  return result;
}

}  // namespace thaw
