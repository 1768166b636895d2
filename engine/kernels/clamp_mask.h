// Clamp masks: one bit for each element of a tensor in NHWC order, least significant bit first; 1 where the
// forward pass did not clamp, so that the gradient passes (docs/arithmetic.md, section 4).
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Bytes of a mask of `elements` bits; unused bits of the last byte are 0.
static inline int32_t thaw_mask_bytes(int32_t elements) {
  return elements / 8 + (elements % 8 != 0);
}

/// Sets all bytes of a mask of `elements` bits to 0; does nothing where mask is NULL.
static inline void thaw_mask_clear(uint8_t* mask, int32_t elements) {
  if (!mask) return;
  for (int32_t i = 0; i < thaw_mask_bytes(elements); ++i) mask[i] = 0;
}

/// Sets bit `index` to 1.
static inline void thaw_mask_set(uint8_t* mask, int32_t index) {
  mask[index / 8] = (uint8_t)(mask[index / 8] | (1u << (index % 8)));
}

/// Bit `index`; true where mask is NULL (nothing was clamped).
static inline bool thaw_mask_get(const uint8_t* mask, int32_t index) {
  return !mask || ((mask[index / 8] >> (index % 8)) & 1) != 0;
}
