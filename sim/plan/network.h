// The model as training sees it: the ends folded away, PAD folded into the convolution that reads it, the
// classifier separated. Both the integer plan (`lower`) and the float arithmetic read this.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/graph/graph.h"
#include "sim/plan/plan.h"

namespace thaw {

/// CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED (a 1x1 convolution) with its constants made explicit.
/// `window` has the clamp, and no zero points: a step gets those of the tensors that it reads. `index` counts
/// these layers in execution order without the classifier; schedules and random streams use it. Weights are
/// OHWI, or HWC for depthwise. A missing bias is all zeros, a single scale is repeated.
struct Convolution {
  int32_t index = 0;
  Window window;
  bool depthwise = false;
  int32_t depth_multiplier = 1;
  std::vector<int8_t> weights;
  std::vector<int32_t> biases;                   // one an output channel
  std::vector<double> weight_scales;             // s_w, one an output channel
  std::vector<QuantizedMultiplier> multipliers;  // of s_x * s_w / s_y, one an output channel

  /// Channels that a schedule may select: input channels, or (depthwise) output channels.
  int32_t selectable_channels() const { return depthwise ? window.output_channels : window.input_channels; }
  /// Weights of one selectable channel.
  int64_t weights_per_channel() const {
    return depthwise ? window.taps() : window.taps() * window.output_channels;
  }
  /// Products per output element, K of section 2.
  int64_t products() const { return depthwise ? window.taps() : window.taps() * window.input_channels; }
  int64_t macs() const { return window.output_elements() * products(); }
};

/// Residual add; both inputs have the output's shape.
struct ResidualAdd {
  thaw_add add = {};
};

/// Any other operator. Gradients pass it as `operator_gradient` says, or stop.
struct PlainOperator {
  std::string reason;  // why gradients stop here, one sentence; empty where they pass
};

/// One layer. `inputs` are activations only; `output` the model tensor it makes.
struct Layer {
  OpId op;
  std::string name;  // of the output tensor, for people and files
  std::vector<TensorId> inputs;
  TensorId output;
  std::variant<Convolution, ResidualAdd, PlainOperator> kind;
};

/// The classifier: N classes on n_f features. `source` is the tensor whose elements the features average or
/// copy: its gradient is the feature gradient divided by `positions_averaged` (or copied per element).
/// Of other tasks, which have none: `classes` is 0, `op` absent, `feature_tensor` and `source` are the output
/// itself and `features` its elements.
struct Classifier {
  std::string name;
  OpId op;
  int32_t classes = 0;
  int32_t features = 0;
  TensorId feature_tensor;       // int8, read by the classifier
  TensorId source;               // absent: gradients cannot leave the classifier
  std::string no_source_reason;  // why, when absent
  int32_t positions_averaged = 1;
  bool per_element = false;      // features are the flattened source, not its average
  ActivationRange unclamped;     // features that no MEAN or pool behind the source can have clamped
  bool fresh = false;            // starts from random weights; otherwise from the model's own
  std::vector<int16_t> weights;  // [classes][features], unit 2^-12; empty when fresh
  std::vector<int32_t> biases;   // unit s_f * 2^-12; empty when fresh
};

/// Layers in execution order. Tensor shapes and quantisation stay in `graph`; `alias` maps a tensor to the
/// one whose bytes it shares (RESHAPE, folded ends), itself otherwise.
struct Network {
  Graph graph;
  Task task = Task::classify;
  TensorId input;
  std::vector<Layer> layers;
  Classifier classifier;
  std::vector<TensorId> alias;
  std::vector<std::string> warnings;
  std::vector<PassNote> notes;

  /// The convolution with this index.
  const Layer& convolution_layer(int32_t index) const;
  int32_t convolution_count() const;
};

struct NetworkOptions {
  int32_t classes = 0;                // 0: as the model
  bool fresh_classifier = false;      // even when the number of classes stays
  bool rescale_dead_channels = true;  // integer contract only; float arithmetic keeps the file's scales
  Task task = Task::classify;         // others take neither classes nor a fresh classifier
};

/// Reduces a model for training (architecture, lowering step 1): drops the final SOFTMAX and float ends,
/// folds PAD into convolutions, rescales dead channels (arithmetic section 2), separates the classifier and
/// replaces it when the number of classes changes. Of other tasks all layers up to the int8 output stay as
/// they are. Throws Error when the model has no classifier or several inputs, or no output that the task can
/// compare.
Network reduce(const Graph& graph, const NetworkOptions& options);

/// SAME/VALID windows, FULLY_CONNECTED as 1x1: shared by `reduce` and `lower_inference`.
Convolution read_convolution(const Graph& graph, const Op& op);

/// The integers of a residual add, from the tensors' scales (arithmetic section 4).
thaw_add read_add(const Graph& graph, const Op& op);

/// Strides and dilations that the image does not call for become small ones.
void shorten_steps(Window& w);

}  // namespace thaw
