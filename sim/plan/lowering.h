// The training plan while it grows. Internal to lower.cpp (what gradients reach, and the order of
// everything), lower_forward.cpp and lower_backward.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/plan/network.h"
#include "sim/plan/plan.h"
#include "sim/plan/plan_builder.h"
#include "sim/plan/schedule.h"

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
  std::vector<bool> carries;             // by tensor: has a gradient tensor
  std::vector<bool> on_feature_path;     // by layer
  std::vector<BufferId> mask;            // by tensor
  std::vector<int32_t> gradient_number;  // by tensor
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
  void number_gradients();

  // lower_forward.cpp: inference, what it saves for the updates, the loss.
  void forward(const Layer& layer);
  void forward(const Layer& layer, const Convolution& c);
  void save_input(const Layer& layer, const Convolution& c, const std::vector<uint16_t>& channels);
  void loss();

  // lower_backward.cpp: gradients, and the updates as soon as they can be done.
  void backward();
  void make_gradient(const Layer& layer);
  /// base[c] turns a gradient of this tensor's integers into one of the gradient tensor's unit: the effective
  /// scale of a convolution (gradients are of its accumulator), 1 for an add.
  std::vector<GradientSource> sources(const Layer& layer, const std::vector<double>& base);
  void update(const Layer& layer);
  ChannelScale scale_constant(const std::string& name, const std::vector<double>& factors);
};

}  // namespace thaw
