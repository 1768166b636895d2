// A network in the arithmetic of `--arithmetic float`: int8 activations and weights held in float32, float
// multipliers. Rules, and the published code they come from: docs/float-arithmetic.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/plan/network.h"

namespace thaw {

/// Float constants of one convolution, one value an output channel, all rounded to float32 as written.
struct FloatConvolution {
  size_t layer = 0;                     // number in Network::layers
  std::vector<float> effective_scales;  // s_x * s_w / s_y in binary64, then rounded once
  std::vector<float> weight_scales;     // effective * s_y / s_x: QAS of weights
  std::vector<float> bias_scales;       // effective * s_y: QAS of biases
  float largest_input = 0;              // |x - zero point| of the worst int8 input
};

/// What a tensor's integers stand for: real = (value - zero_point) * scale.
struct FloatTensor {
  int64_t elements = 0;
  float scale = 1.0F;
  float zero_point = 0.0F;
};

/// Constants that no training changes.
struct FloatModel {
  Network network;
  std::vector<FloatConvolution> convolutions;  // by schedule number
  std::vector<FloatTensor> tensors;            // by TensorId
};

/// Trained and frozen values. Weights in int8 units as OHWI or (depthwise) HWC, biases in units of the
/// accumulator; neither is ever rounded or clamped. The classifier is in real units.
struct FloatParameters {
  std::vector<std::vector<float>> weights, biases;  // by schedule number of the convolution
  std::vector<float> classifier_weights;            // [classes][features]
  std::vector<float> classifier_biases;             // [classes]
};

/// `network` must hold the file's own scales (NetworkOptions::rescale_dead_channels = false). Throws Error
/// naming the layer that has no rule in this arithmetic (SOFTMAX or DEQUANTIZE before the classifier).
FloatModel float_model(Network network);

/// The file's weights and biases, each rounded to float32, and the classifier: the model's own, or where it
/// is fresh the one that integer training starts from with the same seed (arithmetic section 5).
FloatParameters initial_float_parameters(const FloatModel& model, uint32_t seed);

/// Weights as the forward and backward kernels read them: rounded to integers, ties to even.
struct FloatKernelWeights {
  std::vector<float> by_output;  // [output][tap][input], or depthwise [tap][output]
  std::vector<float> by_input;   // [tap][input][output]; empty for depthwise
  // Whether every sum of products stays below 2^24 in magnitude, so that float32 holds it exactly in any
  // order. Else sums run in binary64.
  bool exact_in_float = true;
};

/// Rounds (and transposes) the weights of one convolution; `weights` as FloatParameters.
void prepare_kernel_weights(const FloatModel& model, int32_t convolution, std::span<const float> weights,
                            FloatKernelWeights& result);

/// The same for all convolutions, by schedule number.
std::vector<FloatKernelWeights> prepare_kernel_weights(const FloatModel& model,
                                                       const FloatParameters& parameters);

}  // namespace thaw
