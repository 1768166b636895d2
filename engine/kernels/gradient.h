// Makes a whole gradient tensor from what it comes from: the features, another gradient, or the input
// gradient of the layer that reads it (docs/arithmetic.md, sections 6 and 7).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/kernels/channel_scale.h"
#include "engine/kernels/columns.h"
#include "engine/kernels/conv2d.h"
#include "engine/kernels/depthwise_conv2d.h"
#include "engine/kernels/gradient_pass.h"
#include "engine/kernels/gradient_values.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Where the int32 values of a source come from.
typedef enum thaw_gradient_source_kind {
  THAW_SOURCE_FEATURES,   // accumulators [channels], the same at every position (average pooling before the
                          // loss)
  THAW_SOURCE_ELEMENTS,   // accumulators [positions][channels]
  THAW_SOURCE_STORED,     // a stored gradient of the target's shape
  THAW_SOURCE_CONV2D,     // input gradient of the convolution that reads the target, perhaps in another shape
  THAW_SOURCE_DEPTHWISE,  // the same of a depthwise convolution
  THAW_SOURCE_ROWS        // input gradient of another operator, by a function of its own
} thaw_gradient_source_kind;

typedef struct thaw_gradient_source thaw_gradient_source;

/// Elements first .. first + count - 1 of the input gradient of the operator that reads the target, times
/// 2^left_shift, in the order of its input. `source` is one of kind ROWS.
typedef void thaw_gradient_row(const thaw_gradient_source* source, int32_t first, int32_t count,
                               int32_t* row);

/// One source of a gradient tensor. Members that the kind does not name are not read.
struct thaw_gradient_source {
  thaw_gradient_source_kind kind;
  int32_t exponent;                 // of `accumulators` or of the `gradient`
  thaw_channel_scale scale;         // C of the table in section 6
  const int32_t* accumulators;      // FEATURES, ELEMENTS
  thaw_gradient_values gradient;    // STORED: the source; CONV2D, DEPTHWISE: gradient of its accumulator;
                                    // ROWS: of the operator's output
  const thaw_conv2d* conv;          // CONV2D
  const thaw_depthwise* depthwise;  // DEPTHWISE
  const int8_t* weights;            // CONV2D, DEPTHWISE: as in the forward pass
  const thaw_trained_channels* trained;  // CONV2D, DEPTHWISE: may be NULL
  thaw_gradient_row* row;                // ROWS
  const void* parameters;                // ROWS: of the structure that `row` names
  int32_t left_shift;                    // ROWS: 0..16
};

/// The tensor to make.
typedef struct thaw_gradient_target {
  int32_t positions;  // height * width
  int32_t channels;
  int32_t bits;         // b: 7 stores int8, 8..14 int16
  const uint8_t* mask;  // NULL = nothing clamped
  void* values;  // int8_t or int16_t [positions][channels]; may be the `gradient` of a STORED source of the
                 // same width, or of the only source where that is as gradient_planes.h asks
} thaw_gradient_target;

/// Makes a gradient tensor from one or two sources in one pass and updates its state. scratch:
/// thaw_gradient_scratch_bytes, aligned to 4. Returns the tensor's exponent in this step.
int32_t thaw_gradient_tensor(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                             int32_t source_count, int32_t offset, thaw_gradient_state* state,
                             int32_t* scratch);

/// Columns of that plane: those under the windows of all inputs of a row.
static inline int32_t thaw_depthwise_gradient_columns(const thaw_conv2d* conv) {
  return (conv->input_width - 1 + conv->pad_left) / conv->stride_width +
         (conv->kernel_width - 1) / conv->stride_width + 1;
}

/// Words of scratch for the plane and kernels of depthwise_pairs.h over the gradient of a convolution:
/// outputs at rows of the same remainder by the stride share a kernel, as do those at such columns.
static inline int32_t thaw_depthwise_gradient_words(const thaw_conv2d* conv) {
  const int32_t stride = conv->stride_height;
  int32_t kernel_pairs = 0;
  for (int32_t ky = 0; ky < stride && ky < conv->kernel_height; ++ky)
    kernel_pairs += thaw_pairs_slots((conv->kernel_height - 1 - ky) / stride + 1);
  const int32_t slots = thaw_pairs_slots((conv->kernel_height - 1) / stride + 1);
  return thaw_pairs_words(thaw_conv2d_taps(conv), slots, thaw_depthwise_gradient_columns(conv), kernel_pairs,
                          conv->kernel_width);
}

/// Words of a tile of four input channels of a convolution's weights, all taps.
static inline int32_t thaw_conv2d_gradient_words(const thaw_conv2d* conv) {
  return thaw_conv2d_taps(conv) * thaw_columns_words(conv->output_channels);
}

/// Bytes of scratch: a row of int32 channels for each source or, where that is more, tiles of the weights or
/// the plane of a depthwise convolution.
static inline int32_t thaw_gradient_scratch_bytes(const thaw_gradient_target* target,
                                                  const thaw_gradient_source* sources, int32_t source_count) {
  int32_t words = source_count * target->channels;
  int32_t tiles = 0;
  for (int32_t j = 0; j < source_count; ++j) {
    if (sources[j].kind == THAW_SOURCE_CONV2D) tiles += thaw_conv2d_gradient_words(sources[j].conv);
    if (sources[j].kind != THAW_SOURCE_DEPTHWISE) continue;
    const int32_t plane = thaw_depthwise_gradient_words(&sources[j].depthwise->conv);
    if (plane > words) words = plane;
  }
  return 4 * (tiles > words ? tiles : words);
}

#ifdef __cplusplus
}
#endif
