// Read access to a stored gradient tensor, int8 or int16.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// `values` points at int8_t, or at int16_t when is_16.
typedef struct thaw_gradient_values {
  const void* values;
  bool is_16;
} thaw_gradient_values;

static inline int32_t thaw_gradient_at(thaw_gradient_values gradient, int32_t index) {
  return gradient.is_16 ? ((const int16_t*)gradient.values)[index] : ((const int8_t*)gradient.values)[index];
}
