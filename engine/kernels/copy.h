// Bytes from one place to another: RESHAPE, and rows that stay in a band of a row stream.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// In ascending order, so that `to` may overlap `from` where it lies below it.
void thaw_copy(uint8_t* to, const uint8_t* from, uint32_t bytes);

#ifdef __cplusplus
}
#endif
