// Depthwise 2-D convolution, int8 in and out: output channel c sees input channel c / depth_multiplier only
// (docs/arithmetic.md, section 4; TFLite's int8 rules).
#pragma once

#include <stdint.h>

#include "engine/kernels/conv2d.h"

#ifdef __cplusplus
extern "C" {
#endif

/// conv.output_channels = conv.input_channels * depth_multiplier.
typedef struct thaw_depthwise {
  thaw_conv2d conv;
  int32_t depth_multiplier;
} thaw_depthwise;

/// As thaw_conv2d_s8, with weights [KH][KW][Cout] (NULL when all channels are trained); the trained channels
/// are output channels, their weights [count][taps].
void thaw_depthwise_conv2d_s8(const thaw_depthwise* depthwise, const int8_t* input, const int8_t* weights,
                              const thaw_trained_channels* trained, const int32_t* bias,
                              const int32_t* multipliers, const int8_t* shifts, int8_t* output,
                              uint8_t* mask);

#ifdef __cplusplus
}
#endif
