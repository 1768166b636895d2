// The trained channels of an activation, kept for its weight gradient.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How many of the input's channels are kept at how many positions.
typedef struct thaw_gather_channels {
  int32_t positions;
  int32_t input_channels;
  int32_t count;
} thaw_gather_channels;

/// input [positions][input_channels]; channels [count], each below input_channels; output [positions][count].
void thaw_gather_channels_s8(const thaw_gather_channels* gather, const int8_t* input,
                             const uint16_t* channels, int8_t* output);

#ifdef __cplusplus
}
#endif
