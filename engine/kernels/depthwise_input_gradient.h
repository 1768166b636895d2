// Gradient of a depthwise convolution's input from the gradient of its accumulator, one position at a time
// and without scaling (docs/arithmetic.md, section 7). Weights are those before the update.
#pragma once

#include <stdint.h>

#include "engine/kernels/conv2d_input_gradient.h"
#include "engine/kernels/depthwise_conv2d.h"
#include "engine/kernels/gradient_values.h"

#ifdef __cplusplus
extern "C" {
#endif

/// row[i] = sum over outputs and taps that read channel first + i of the position of gradient * weight; row
/// [count], int32 by the plan's bound on the gradient's width. gradient [OH][OW][Cout]; weights and trained
/// as in thaw_depthwise_conv2d_s8.
void thaw_depthwise_input_gradient_row(const thaw_depthwise* depthwise, thaw_gradient_values gradient,
                                       const int8_t* weights, const thaw_trained_channels* trained,
                                       const thaw_input_channels* at, int32_t* row);

#ifdef __cplusplus
}
#endif
