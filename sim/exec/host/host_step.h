// One step of a plan prepared for the host: parameters widened, buffers resolved, scratch reserved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/kernels/channel_scale.h"
#include "engine/kernels/training_step.h"
#include "sim/exec/executor.h"
#include "sim/exec/host/effective_weights.h"
#include "sim/exec/host/integer_dot.h"
#include "sim/exec/host/workspace.h"
#include "sim/plan/plan.h"

namespace thaw {

class HostStep {
 public:
  virtual ~HostStep() = default;
  /// `input` as Executor::train_step's; null in inference.
  virtual void run(const StepInput* input) = 0;
};

/// What all steps of one executor are bound to.
struct HostBinding {
  const Plan& plan;
  const std::vector<std::byte*>& address;
  Workspace workspace;
  std::map<std::pair<int32_t, int32_t>, std::unique_ptr<EffectiveWeights>> weights;  // by buffer ids

  template <class T>
  T* at(BufferId id) const {
    return id.present() ? reinterpret_cast<T*>(address[id.index()]) : nullptr;
  }

  /// The layer's weights, shared by all its steps.
  EffectiveWeights& weights_of(const Window& window, bool depthwise, BufferId frozen, BufferId trained,
                               const std::vector<uint16_t>& trained_channels);

  thaw_channel_scale scale(const ChannelScale& scale) const {
    return channel_scale(scale, at<const int32_t>(scale.mantissas));
  }
  int32_t gradient_bits(int32_t tensor) const {
    return plan.gradient_tensors[static_cast<size_t>(tensor)].bits;
  }
  int32_t& gradient_exponent(int32_t tensor) const { return at<int32_t>(plan.gradient_exponents)[tensor]; }
  const StepResult& result() const { return *at<const StepResult>(plan.result); }
};

/// What the instruction set in use takes int8 values in; pairs for wider ones.
WordFormat word_format(bool int8_source);

/// values[0..count-1], then zeros to a whole block of 16 columns; a single value stands for all `columns`.
std::vector<int32_t> padded_values(const int32_t* values, int32_t count, int32_t columns);

/// Prepares a step; null where the host has no kernel of its own (the portable one serves).
std::unique_ptr<HostStep> prepare(const ConvolutionForward& kernel, HostBinding& binding);
std::unique_ptr<HostStep> prepare(const AddForward& kernel, HostBinding& binding);
std::unique_ptr<HostStep> prepare(const MakeGradient& kernel, HostBinding& binding);
std::unique_ptr<HostStep> prepare(const UpdateWeights& kernel, HostBinding& binding);
std::unique_ptr<HostStep> prepare_depthwise_weights(const UpdateWeights& kernel, HostBinding& binding);
std::unique_ptr<HostStep> prepare(const UpdateBiases& kernel, HostBinding& binding);

}  // namespace thaw
