// A gradient tensor in the place of the one it comes from, through a depthwise convolution that keeps the
// image's shape: channel by channel, each copied before it is written over.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/kernels/gradient.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Whether the target lies where its only source does, a depthwise convolution.
static inline bool thaw_gradient_is_in_place(const thaw_gradient_target* target,
                                             const thaw_gradient_source* sources, int32_t source_count) {
  return source_count == 1 && sources[0].kind == THAW_SOURCE_DEPTHWISE &&
         sources[0].gradient.values == target->values;
}

/// Fills such a target. The convolution has stride 1, no dilation, a multiplier of 1, outputs as large as its
/// inputs, and both tensors have values of one width. scratch: a channel of them and the channel's taps.
/// Returns the OR that thaw_gradient_finish takes.
uint32_t thaw_gradient_by_planes(const thaw_gradient_target* target, const thaw_gradient_source* source,
                                 const thaw_gradient_pass* pass, int32_t* scratch);

#ifdef __cplusplus
}
#endif
