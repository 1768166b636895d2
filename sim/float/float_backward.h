// The backward pass of the float arithmetic: rounding is passed straight through, every clamp multiplies by
// its mask, gradients are with respect to the integers that weights, biases and activations stand for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/float/float_forward.h"
#include "sim/float/float_model.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// What of one convolution is trained. `channels`: of the weights, ascending, all listed when all are
/// trained; input channels, for depthwise layers output channels; empty: weights are frozen.
struct FloatLayerTargets {
  bool bias = false;
  std::vector<int32_t> channels;
};

/// What a schedule trains, and how far back gradients must go.
struct FloatTargets {
  std::vector<FloatLayerTargets> layers;  // by schedule number
  bool classifier_weights = false, classifier_biases = false;
  std::vector<bool>
      needs_gradient;      // by TensorId: some trained value lies at or before the layer that made it
  size_t first_layer = 0;  // the first trained one, Network::layers.size() if there is none
};

/// Throws Error naming a trained layer from which no gradient rule leads to the loss.
FloatTargets float_targets(const Network& network, const Schedule& schedule);

/// Gradients of the trained values only. Weights [output][tap][rank of the channel] or depthwise
/// [tap][rank of the channel]; empty where frozen.
struct FloatGradients {
  std::vector<std::vector<float>> weights, biases;  // by schedule number
  std::vector<float> classifier_weights, classifier_biases;
};

/// All zeros, of the sizes that the targets ask for.
FloatGradients zero_gradients(const FloatModel& model, const FloatTargets& targets);

/// Sets every element to 0.
void clear(FloatGradients& gradients);

/// sum += part, element by element.
void add(const FloatGradients& part, FloatGradients& sum);

/// Adds the gradients of a block, given dLoss / d logit [sample][class], after its forward pass from layer
/// `first` (at or before the first trained one) to the logits with masks kept. Also leaves the gradient of
/// every crossed tensor in `block.gradients`.
void backward(const FloatModel& model, const FloatTargets& targets, const FloatParameters& parameters,
              const std::vector<FloatKernelWeights>& weights, std::span<const float> logit_gradients,
              FloatBlock& block, FloatGradients& gradients);

}  // namespace thaw
