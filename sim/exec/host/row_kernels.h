// Element-by-element work on rows of int32 sums, vectorised for the host: requantisation with clamp mask,
// gradient scaling, residual addition. Same bits as engine/kernels, many elements at a time.
#pragma once

#include <cstdint>

#include "engine/kernels/add.h"

namespace thaw {

/// Masks between kernels are bytes, 0xFF where an element was not clamped and 0 where it was, in buffers with
/// this many bytes to spare: kernels work in whole vectors. Bits are what the plan's buffers hold.
inline constexpr int64_t kSlack = 256;

/// bytes[i] = bit i ? 0xFF : 0, least significant bit first.
void expand_mask(const uint8_t* bits, int64_t elements, uint8_t* bytes);
/// bit i = lowest bit of bytes[i]; unused bits of the last byte are 0.
void pack_mask(const uint8_t* bytes, int64_t elements, uint8_t* bits);

/// output[p][c] = clamp(mbqm(sums[p][c], multiplier[c], shift[c]) + zero point). Per-channel arrays are
/// padded to whole blocks of 16; shift = left - right.
struct RequantizeRows {
  const int32_t* sums = nullptr;
  int64_t sum_stride = 0;  // elements, at least channels rounded up to 16
  int32_t positions = 0, channels = 0;
  const int32_t* multipliers = nullptr;
  const int32_t* right_shifts = nullptr;
  const int32_t* left_shifts = nullptr;  // null: all 0
  int32_t output_zero_point = 0, low = -128, high = 127;
  int8_t* output = nullptr;   // [positions][channels], exactly
  uint8_t* passed = nullptr;  // byte mask, or null
};
void requantize_rows(const RequantizeRows& rows);

/// values[p][c] = ssat(passed * sum over sources of gscale(source[p][c], mantissa[c], shift), bits).
struct GradientRows {
  struct Source {
    const int32_t* values = nullptr;
    int64_t stride = 0;                  // elements between positions; 0: the same at every position
    const int32_t* mantissas = nullptr;  // padded with zeros to whole blocks of 16
    int32_t shift = 33;                  // 33..62
  };
  int32_t source_count = 1;
  Source sources[2];
  int32_t positions = 0, channels = 0;
  int32_t bits = 7;                 // 7: int8 values, 8..14: int16
  const uint8_t* passed = nullptr;  // byte mask, or null: nothing clamped
  void* values = nullptr;           // [positions][channels], exactly
};
/// Returns the OR of v ^ (v >> 31) over all values before saturation.
uint32_t gradient_rows(const GradientRows& rows);

/// thaw_add_s8 with a byte mask (or null). output may be one of the inputs.
void add_rows(const thaw_add& add, const int8_t* first, const int8_t* second, int8_t* output,
              uint8_t* passed);

/// out[p][c] = in[p][c] * 2^16: a stored gradient as a source; the rows of out are `stride` apart, the
/// elements behind `channels` are left alone.
void stored_gradient_rows(const int8_t* in, int32_t positions, int32_t channels, int64_t stride,
                          int32_t* out);
void stored_gradient_rows(const int16_t* in, int32_t positions, int32_t channels, int64_t stride,
                          int32_t* out);

}  // namespace thaw
