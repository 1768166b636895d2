// Gradient tensors are int8 or int16 values with one exponent each, chosen from the tensor's past so that a
// tensor is made in one pass (docs/arithmetic.md, section 6). These are the parts of such a pass.
#pragma once

#include <stdint.h>

#include "engine/kernels/channel_scale.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  THAW_GRADIENT_SOURCES = 2,           // most sources of one tensor
  THAW_GRADIENT_START_EXPONENT = -64,  // finest: the first passes saturate and step up
  THAW_GRADIENT_HEADROOM = 3,          // unused bits that count as quiet ...
  THAW_GRADIENT_PATIENCE = 32          // ... and the steps in a row after which the exponent goes down by one
};

/// What a gradient tensor remembers between steps; part of the saved state. Starts as {START_EXPONENT, 0}.
typedef struct thaw_gradient_state {
  int8_t exponent;      // for the next step, before the sample's offset
  uint8_t quiet_steps;  // steps in a row with unused headroom
} thaw_gradient_state;

/// One pass over a tensor: how its sources are scaled and where the values are stored.
typedef struct thaw_gradient_pass {
  int32_t exponent;  // E_T: the tensor's values are v * 2^exponent in this step
  int32_t source_count;
  thaw_channel_scale scales[THAW_GRADIENT_SOURCES];
  int32_t shifts[THAW_GRADIENT_SOURCES];  // 33..62
  int32_t channels;
  int32_t bits;         // b: 7 stores int8, 8..14 int16
  const uint8_t* mask;  // clamp mask of the tensor, NULL = nothing clamped
} thaw_gradient_pass;

/// Fills exponent and shifts of a pass whose other members are set. `offset` is the sample's ee + 15 (<= 0);
/// source_exponents[j] is the exponent of the int32 values of source j.
void thaw_gradient_begin(thaw_gradient_pass* pass, thaw_gradient_state state, int32_t offset,
                         const int32_t* source_exponents);

/// Stores position `position` of an int8 tensor (bits = 7): values[position * channels + c]. rows[j] holds
/// the channels of source j. Returns the OR of v ^ (v >> 31) over the values before saturation.
uint32_t thaw_gradient_row_s8(const thaw_gradient_pass* pass,
                              const int32_t* const rows[THAW_GRADIENT_SOURCES], int32_t position,
                              int8_t* values);

/// The same for an int16 tensor (bits = 8..14).
uint32_t thaw_gradient_row_s16(const thaw_gradient_pass* pass,
                               const int32_t* const rows[THAW_GRADIENT_SOURCES], int32_t position,
                               int16_t* values);

/// Stores one element of a tensor with one source, whose value there is `sum`; the same return value.
uint32_t thaw_gradient_element(const thaw_gradient_pass* pass, int32_t sum, int32_t index, int32_t channel,
                               void* values);

/// The state after a pass: `magnitudes` is the OR over all rows, `used` the pass's exponent minus the
/// sample's offset. The exponent is kept inside int8.
thaw_gradient_state thaw_gradient_finish(thaw_gradient_state state, uint32_t magnitudes, int32_t bits,
                                         int32_t used);

#ifdef __cplusplus
}
#endif
