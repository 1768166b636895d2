// The training plan while it grows. Internal to lower.cpp (what gradients reach, and the order of
// everything), lower_forward.cpp and lower_backward.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/plan/network.h"
#include "sim/plan/plan.h"
#include "sim/plan/plan_builder.h"
#include "sim/plan/schedule.h"
#include "sim/plan/state_copies.h"

namespace thaw {

// What 32-bit sums hold.
constexpr int64_t kInt32Max = 2147483647;

inline double scale_of(const Graph& graph, TensorId tensor) {
  return static_cast<double>(graph.tensor(tensor).quantization.scale());
}
inline int32_t zero_point_of(const Graph& graph, TensorId tensor) {
  return graph.tensor(tensor).quantization.zero_point();
}

/// Whether a layer's update, or nullptr where it has none, changes anything.
inline bool is_updated(const LayerUpdate* update) {
  return update != nullptr && (update->bias || update->weights != UpdatedWeights::none);
}

/// The largest trained bias with which no accumulator can overflow (section 2, bias limit).
inline int64_t bias_limit(const Convolution& c) {
  return kInt32Max - c.products() * 255 * 127;
}

/// Emits the steps of one training plan. Members are the plan's own bookkeeping while it grows.
struct Lowering {
  const Network& network;
  const Schedule& schedule;
  PlanBuilder build;
  StateCopies copies;
  std::vector<bool> carries;                                 // by tensor: has a gradient tensor
  std::vector<bool> on_feature_path;                         // by layer
  std::vector<bool> reaches_loss;                            // by tensor
  std::vector<BufferId> mask;                                // by tensor
  std::vector<BufferId> winners;                             // by tensor: of the maximum pool that makes it
  std::vector<std::pair<BufferId, BufferId>> resize_tables;  // by tensor: of the resizing that makes it
  std::vector<int32_t> gradient_number;                      // by tensor
  std::vector<std::vector<int32_t>> partial_sums;  // by tensor: gradient tensors of its first sources
  struct ConvolutionBuffers {
    ConvolutionForward forward;
    BufferId saved_input;
    bool gathered = false;
  };
  std::vector<ConvolutionBuffers> convolutions;  // by index
  BufferId classifier_weights, classifier_biases, error, feature_gradient;

  Lowering(const Network& n, const Schedule& s);

  /// The plan, once.
  Plan run();

  bool trains_convolutions() const;
  /// Whether the layer's output has a gradient tensor.
  bool has_gradient(const Layer& layer) const;
  /// Terms of which the gradient of the layer's output is the sum.
  size_t source_count(const Layer& layer) const;
  void number_gradients();
  int32_t number_gradient(const Layer& layer, const std::string& suffix);

  // lower_forward.cpp: inference, what it saves for the updates, the loss.
  void forward(const Layer& layer);
  void forward(const Layer& layer, const Convolution& c);
  void save_input(const Layer& layer, const Convolution& c, const std::vector<uint16_t>& channels);
  /// Lets a plain operator keep what the gradient through it needs.
  void save_for_gradient(const Layer& layer, Kernel& kernel);
  thaw_classifier classifier_parameters() const;
  void loss();
  /// The loss of a task that compares the output.
  void squared_loss();
  /// The int8 target of a sample that is its own: the input in the output's quantisation.
  BufferId input_as_target();

  // lower_backward.cpp: gradients, and the updates as soon as they can be done.
  void backward();
  /// The feature gradient, and the update of the classifier.
  void classifier_backward();
  void make_gradient(const Layer& layer);
  /// base[c] turns a gradient of this tensor's integers into one of the gradient tensor's unit: the effective
  /// scale of a convolution (gradients are of its accumulator), 1 for an add.
  std::vector<GradientSource> sources(const Layer& layer, const std::vector<double>& base);
  /// The term that comes from input `input` of layer `reader`; its scale unset. `factor`: what it is to be
  /// multiplied by.
  decltype(GradientSource::from) source_of(const Layer& layer, const Layer& reader, size_t input,
                                           double& factor);
  /// Lets a rule read what it needs of the forward pass.
  void set_saved(const Layer& reader, GradientRule& rule);
  /// Emits the step that makes gradient tensor `tensor` from k.sources.
  void emit_gradient(const Layer& layer, MakeGradient k, int32_t tensor);
  void update(const Layer& layer);
  ChannelScale scale_constant(const std::string& name, const std::vector<double>& factors);
};

}  // namespace thaw
