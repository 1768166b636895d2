// Lowering: from a model (and what of it is updated) to the list of kernel calls that the device runs.
#pragma once

#include "sim/graph/graph.h"
#include "sim/plan/network.h"
#include "sim/plan/plan.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// Every operator of the model as one step, nothing folded, dropped or shared: what TFLite Micro computes,
/// tensor by tensor. Buffer::tensor names the tensor that each activation holds.
Plan lower_inference(const Graph& graph);

/// Inference of the network with its (maybe fresh) classifier and one training step of what the schedule
/// updates (architecture, "Lowering, in order"):
///   reach  gradients go no further back than the deepest updated tensor;
///   save   inputs of weight-trained layers (their updated channels only), one clamp-mask bit for each output
///          element that a gradient passes; nothing else survives the forward pass;
///   emit   each gradient tensor once, from one or two sources, then the updates of the layers whose input
///          gradient it was.
/// Throws Error when a gradient would have to pass an operator without a gradient rule, naming it, or when
/// the sums of arithmetic section 2 would not fit int32. Passes are not applied; see `passes.h`.
Plan lower(const Network& network, const Schedule& schedule);

/// Why a convolution of the network cannot be trained, one sentence; empty where it can.
std::string why_not_trainable(const Network& network, int32_t convolution);

}  // namespace thaw
