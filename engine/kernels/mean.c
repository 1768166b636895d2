// See mean.h. Every output element walks its own part of the input: no accumulators in memory.
#include "engine/kernels/mean.h"

#include <stddef.h>

#include "engine/kernels/clamp_mask.h"
#include "engine/kernels/fixed_point.h"

// Shape of the averaged dimensions (`averaged` true) or of those that stay; the others have size 1.
static void part_of_shape(const thaw_mean* mean, bool averaged, int32_t shape[4]) {
  for (int32_t d = 0; d < 4; ++d) shape[d] = (((mean->axes >> d) & 1) != 0) == averaged ? mean->dims[d] : 1;
}

static int32_t offset_of(const thaw_mean* mean, int32_t a, int32_t b, int32_t c, int32_t d) {
  return ((a * mean->dims[1] + b) * mean->dims[2] + c) * mean->dims[3] + d;
}

// Sum of the box of shape `box` whose first element is input[0].
static int32_t box_sum(const thaw_mean* mean, const int32_t box[4], const int8_t* input) {
  int32_t sum = 0;
  for (int32_t a = 0; a < box[0]; ++a)
    for (int32_t b = 0; b < box[1]; ++b)
      for (int32_t c = 0; c < box[2]; ++c)
        for (int32_t d = 0; d < box[3]; ++d) sum += input[offset_of(mean, a, b, c, d)];
  return sum;
}

static int32_t requantized(const thaw_mean* mean, int32_t sum) {
  return thaw_mbqm(sum - mean->input_offset, mean->multiplier, mean->shift) + mean->output_zero_point;
}

void thaw_mean_s8(const thaw_mean* mean, const int8_t* input, int8_t* output, uint8_t* mask) {
  int32_t kept[4];
  int32_t box[4];
  part_of_shape(mean, false, kept);
  part_of_shape(mean, true, box);
  int32_t index = 0;
  thaw_mask_clear(mask, kept[0] * kept[1] * kept[2] * kept[3]);
  for (int32_t a = 0; a < kept[0]; ++a)
    for (int32_t b = 0; b < kept[1]; ++b)
      for (int32_t c = 0; c < kept[2]; ++c)
        for (int32_t d = 0; d < kept[3]; ++d, ++index) {
          const int32_t value = requantized(mean, box_sum(mean, box, input + offset_of(mean, a, b, c, d)));
          const int32_t clamped = thaw_sat32(value, INT8_MIN, INT8_MAX);
          output[index] = (int8_t)clamped;
          if (mask && clamped == value) thaw_mask_set(mask, index);
        }
}
