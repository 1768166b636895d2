// Updates of one convolution from the gradient of its accumulator, made weight by weight without a gradient
// buffer (docs/arithmetic.md, section 8). Quantisation-aware scaling is in the scale, stochastic rounding in
// the step.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/kernels/channel_scale.h"
#include "engine/kernels/columns.h"
#include "engine/kernels/conv2d.h"
#include "engine/kernels/depthwise_conv2d.h"
#include "engine/kernels/gradient_values.h"
#include "engine/kernels/training_step.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The gradient of a convolution's accumulator and how it moves the parameters.
typedef struct thaw_update {
  thaw_gradient_values gradient;  // [OH][OW][Cout]
  int32_t gradient_exponent;      // of this step
  thaw_channel_scale scale;       // weights: 1 / s_w^2; biases: 1 / (s_x s_w)^2; per output channel
  thaw_training_step step;
  int32_t convolution;  // k: its number, which selects the random streams
} thaw_update;

/// The layer's input as the forward pass saved it.
typedef struct thaw_saved_input {
  const int8_t* values;  // [H][W][channels]
  int32_t channels;      // per position
  bool gathered;         // true: only the trained channels, in their order; false: all channels of the tensor
} thaw_saved_input;

/// Trained weights, value = hi + lo / 2^fraction_bits.
typedef struct thaw_trained_weights {
  const uint16_t* channels;  // ascending; input channels of a convolution, output channels of a depthwise one
  int32_t count;
  int32_t fraction_bits;  // F: 0, 4 or 8
  int8_t* high;           // convolution: [Cout][count][taps]; depthwise: [count][taps]
  uint8_t* low;           // F = 0: not read; F = 4: two's complement halves of bytes, even index in the low
                          // half; F = 8: one byte each, two's complement
} thaw_trained_weights;

/// Updates the trained input channels of a convolution. Padding contributes nothing. scratch:
/// thaw_update_conv2d_weights_scratch_bytes, aligned to 4.
void thaw_update_conv2d_weights(const thaw_conv2d* conv, const thaw_update* update, thaw_saved_input input,
                                const thaw_trained_weights* trained, int32_t* scratch);

/// Bytes of scratch: tiles of inputs and gradients over the output positions.
static inline int32_t thaw_update_conv2d_weights_scratch_bytes(const thaw_conv2d* conv) {
  return 8 * thaw_columns_words(conv->output_height * conv->output_width);
}

/// Updates the trained channels of a depthwise convolution. A gathered input holds, for each trained output
/// channel in its order, the input channel that it reads.
void thaw_update_depthwise_weights(const thaw_depthwise* depthwise, const thaw_update* update,
                                   thaw_saved_input input, const thaw_trained_weights* trained);

/// Updates biases [channels] from the gradient [positions][channels]; they stay in -limit..limit, the plan's
/// bound that keeps the forward sums inside int32.
void thaw_update_biases(const thaw_update* update, int32_t positions, int32_t channels, int32_t limit,
                        int32_t* biases);

#ifdef __cplusplus
}
#endif
