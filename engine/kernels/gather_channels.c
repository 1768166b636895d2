// See gather_channels.h.
#include "engine/kernels/gather_channels.h"

void thaw_gather_channels_s8(const thaw_gather_channels* gather, const int8_t* input,
                             const uint16_t* channels, int8_t* output) {
  for (int32_t p = 0; p < gather->positions; ++p)
    for (int32_t j = 0; j < gather->count; ++j) *output++ = input[p * gather->input_channels + channels[j]];
}
