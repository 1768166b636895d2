// Mean of an int8 tensor over some of its axes, requantised in one multiplication (TFLite's rules).
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// With n averaged elements per output, multiplier and shift are those of input scale / output scale divided
/// by n: (m, s) = quantised multiplier, k = min(floor(log2 n), 32, 31 + s), multiplier = floor(m * 2^k / n),
/// shift = s - k.
typedef struct thaw_mean {
  int32_t dims[4];  // input shape; unused leading dimensions are 1
  uint8_t axes;     // bit d set: dimension d is averaged away
  int32_t multiplier, shift;
  int32_t input_offset;  // input zero point * n
  int32_t output_zero_point;
} thaw_mean;

/// input [dims]; output: the dimensions that stay, in their order. Sums fit int32. `mask` (see clamp_mask.h)
/// has a bit an output element; it may be NULL.
void thaw_mean_s8(const thaw_mean* mean, const int8_t* input, int8_t* output, uint8_t* mask);

#ifdef __cplusplus
}
#endif
