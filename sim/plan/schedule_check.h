// Does a schedule fit a model? Checked once, before anything is lowered, so that later stages may rely on it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sim/plan/network.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// Shape of the model's input as schedule files write it: N, H, W, C; shorter shapes have ones after N.
std::array<int32_t, 4> input_shape(const Tensor& input);
std::array<int32_t, 4> input_shape(const Network& network);

/// Sets the fields that name the model: file, digest, classes, input shape.
void describe_model(Schedule& schedule, const Network& network);

/// Throws Error (`where` names the schedule file) unless the schedule can be trained on this model: same
/// digest, input and classes, as many as can be trained; layers that exist under their names, each once;
/// channels in range; gradients that reach every updated layer. `network` must have been reduced with the
/// schedule's number of classes.
void check_schedule(const Schedule& schedule, const Network& network, const std::string& where);

/// The same without the comparison of digests: for moving a schedule to another model of the same layers.
void check_schedule_layers(const Schedule& schedule, const Network& network, const std::string& where);

}  // namespace thaw
