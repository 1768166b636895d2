// Resizing of an image to another height and width: TFLite's RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR.
// Where rows and columns go, or come from, are tables that the plan made.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct thaw_resize {
  int32_t input_height, input_width;
  int32_t output_height, output_width;
  int32_t channels;
} thaw_resize;

/// `rows` [input_height + 1]: input row y is read by the output rows rows[y] .. rows[y + 1] - 1; `columns`
/// the same.
void thaw_resize_nearest_s8(const thaw_resize* resize, const int32_t* rows, const int32_t* columns,
                            const int8_t* input, int8_t* output);

/// `rows` [output_height][3]: the two input rows that an output row lies between, and the weight of the
/// second in 1/1024, that of the first being the rest; `columns` the same. The weighted sum is rounded to the
/// nearest, halves away from zero.
void thaw_resize_bilinear_s8(const thaw_resize* resize, const int32_t* rows, const int32_t* columns,
                             const int8_t* input, int8_t* output);

#ifdef __cplusplus
}
#endif
