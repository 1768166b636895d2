// An int8 function of one int8 value, looked up: LOGISTIC, TANH, LEAKY_RELU, RELU and their like.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// output[i] = table[input[i] + 128] for `elements` elements. `output` may be `input`.
void thaw_table_s8(int32_t elements, const int8_t* table, const int8_t* input, int8_t* output);

#ifdef __cplusplus
}
#endif
