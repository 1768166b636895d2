// The vectors of Helium (MVE, the vector extension of Cortex-M55 and M85) as the *_helium.c kernels use them:
// sixteen bytes that are multiplied and added up at once, and four sums that are rounded, clamped and stored
// at once. Everywhere else C stands in for the instructions, so that the host runs the same tests. Sums wrap
// modulo 2^32 on both.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "the kernels for Helium take bytes in little-endian order; use those of engine/kernels"
#endif

#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#define THAW_HELIUM
#elif defined(__arm__)
#error "compiled without Helium (soft float ABI, or +nomve): choose a board without it, or -mfloat-abi=hard"
#endif

/// Keeps a function out of its callers, or makes it part of them, so that loops have registers and constants.
#ifdef __GNUC__
#define THAW_APART __attribute__((noinline, unused))
#define THAW_INSIDE static inline __attribute__((always_inline, unused))
#else
#define THAW_APART
#define THAW_INSIDE static inline
#endif

enum {
  THAW_LANES = 4,
  THAW_BYTES = 16,
  THAW_FARTHEST_STEP = 8192  // offsets of eight lanes have 16 bits
};

#ifdef THAW_HELIUM

typedef int32x4_t thaw_quad;
typedef int8x16_t thaw_bytes;
typedef int16x8_t thaw_half;

#else

typedef struct thaw_quad {
  int32_t at[THAW_LANES];
} thaw_quad;
typedef struct thaw_bytes {
  int8_t at[THAW_BYTES];
} thaw_bytes;
typedef struct thaw_half {
  int8_t at[THAW_BYTES / 2];
} thaw_half;

#endif

// ---- sixteen bytes ----------------------------------------------------------------------------------------

/// Sixteen bytes at any address.
THAW_INSIDE thaw_bytes thaw_bytes_load(const int8_t* from) {
#ifdef THAW_HELIUM
  return vldrbq_s8(from);
#else
  thaw_bytes bytes;
  for (int32_t i = 0; i < THAW_BYTES; ++i) bytes.at[i] = from[i];
  return bytes;
#endif
}

/// Bytes from[offsets[i]].
THAW_INSIDE thaw_bytes thaw_bytes_gather(const int8_t* from, const uint8_t* offsets) {
#ifdef THAW_HELIUM
  return vldrbq_gather_offset_s8(from, vldrbq_u8(offsets));
#else
  thaw_bytes bytes;
  for (int32_t i = 0; i < THAW_BYTES; ++i) bytes.at[i] = from[offsets[i]];
  return bytes;
#endif
}

/// sum + the products of sixteen bytes.
THAW_INSIDE int32_t thaw_bytes_dot(int32_t sum, thaw_bytes a, thaw_bytes b) {
#ifdef THAW_HELIUM
  return vmladavaq_s8(sum, a, b);
#else
  for (int32_t i = 0; i < THAW_BYTES; ++i) sum = (int32_t)((uint32_t)sum + (uint32_t)(a.at[i] * b.at[i]));
  return sum;
#endif
}

/// sum + the sixteen bytes.
THAW_INSIDE int32_t thaw_bytes_sum(int32_t sum, thaw_bytes a) {
#ifdef THAW_HELIUM
  return vaddvaq_s8(sum, a);
#else
  for (int32_t i = 0; i < THAW_BYTES; ++i) sum += a.at[i];
  return sum;
#endif
}

/// The products of sixteen bytes, added up.
THAW_INSIDE int32_t thaw_bytes_product(thaw_bytes a, thaw_bytes b) {
#ifdef THAW_HELIUM
  return vmladavq_s8(a, b);
#else
  return thaw_bytes_dot(0, a, b);
#endif
}

/// Eight bytes at any address.
THAW_INSIDE thaw_half thaw_half_load(const int8_t* from) {
#ifdef THAW_HELIUM
  return vldrbq_s16(from);
#else
  thaw_half half;
  for (int32_t i = 0; i < THAW_BYTES / 2; ++i) half.at[i] = from[i];
  return half;
#endif
}

/// sum + the products of eight bytes.
THAW_INSIDE int32_t thaw_half_dot(int32_t sum, thaw_half a, thaw_half b) {
#ifdef THAW_HELIUM
  return vmladavaq_s16(sum, a, b);
#else
  for (int32_t i = 0; i < THAW_BYTES / 2; ++i) sum = (int32_t)((uint32_t)sum + (uint32_t)(a.at[i] * b.at[i]));
  return sum;
#endif
}

/// The products of eight bytes, added up.
THAW_INSIDE int32_t thaw_half_product(thaw_half a, thaw_half b) {
#ifdef THAW_HELIUM
  return vmladavq_s16(a, b);
#else
  return thaw_half_dot(0, a, b);
#endif
}

// Loads that widen bytes and move their address on take it in a low register ("l").

// ---- rows of bytes ----------------------------------------------------------------------------------------

/// The sum of `count` bytes; count >= 1.
THAW_INSIDE int32_t thaw_row_sum(const int8_t* row, int32_t count) {
  int32_t sum = 0;
#ifdef THAW_HELIUM
  __asm__ volatile(
      "dlstp.8 lr, %[count]\n"
      "1: vldrb.8 q0, [%[row]], #16\n\t"
      "vaddva.s8 %[sum], q0\n\t"
      "letp lr, 1b"
      : [sum] "+Te"(sum), [row] "+r"(row)
      : [count] "r"(count)
      : "q0", "lr", "memory");
#else
  for (int32_t i = 0; i < count; ++i) sum += row[i];
#endif
  return sum;
}

/// The sum of `count` products of two rows; count >= 1.
THAW_INSIDE int32_t thaw_row_dot(const int8_t* a, const int8_t* b, int32_t count) {
  int32_t sum = 0;
#ifdef THAW_HELIUM
  __asm__ volatile(
      "dlstp.8 lr, %[count]\n"
      "1: vldrb.8 q0, [%[a]], #16\n\t"
      "vldrb.8 q1, [%[b]], #16\n\t"
      "vmladava.s8 %[sum], q0, q1\n\t"
      "letp lr, 1b"
      : [sum] "+Te"(sum), [a] "+r"(a), [b] "+r"(b)
      : [count] "r"(count)
      : "q0", "q1", "lr", "memory");
#else
  for (int32_t i = 0; i < count; ++i) sum = (int32_t)((uint32_t)sum + (uint32_t)(a[i] * b[i]));
#endif
  return sum;
}

/// Adds to each of four sums the products of `row` with one of four rows; count >= 1 bytes.
THAW_INSIDE void thaw_row_dots(const int8_t* row, const int8_t* a, const int8_t* b, const int8_t* c,
                               const int8_t* d, int32_t count, int32_t sums[THAW_LANES]) {
#ifdef THAW_HELIUM
  int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
  __asm__ volatile(
      "dlstp.8 lr, %[count]\n"
      "1: vldrb.8 q0, [%[row]], #16\n\t"
      "vldrb.8 q1, [%[a]], #16\n\t"
      "vmladava.s8 %[s0], q0, q1\n\t"
      "vldrb.8 q2, [%[b]], #16\n\t"
      "vmladava.s8 %[s1], q0, q2\n\t"
      "vldrb.8 q1, [%[c]], #16\n\t"
      "vmladava.s8 %[s2], q0, q1\n\t"
      "vldrb.8 q2, [%[d]], #16\n\t"
      "vmladava.s8 %[s3], q0, q2\n\t"
      "letp lr, 1b"
      : [s0] "+Te"(s0), [s1] "+Te"(s1), [s2] "+Te"(s2), [s3] "+Te"(s3), [row] "+r"(row), [a] "+r"(a),
        [b] "+r"(b), [c] "+r"(c), [d] "+r"(d)
      : [count] "r"(count)
      : "q0", "q1", "q2", "lr", "memory");
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
#else
  const int8_t* rows[THAW_LANES] = {a, b, c, d};
  for (int32_t k = 0; k < THAW_LANES; ++k)
    sums[k] = (int32_t)((uint32_t)sums[k] + (uint32_t)thaw_row_dot(row, rows[k], count));
#endif
}

/// Copies `count` bytes, which may be 0.
THAW_INSIDE void thaw_row_copy(int8_t* to, const int8_t* from, int32_t count) {
#ifdef THAW_HELIUM
  __asm__ volatile(
      "wlstp.8 lr, %[count], 2f\n"
      "1: vldrb.8 q0, [%[from]], #16\n\t"
      "vstrb.8 q0, [%[to]], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : [to] "+r"(to), [from] "+r"(from)
      : [count] "r"(count)
      : "q0", "lr", "memory");
#else
  for (int32_t i = 0; i < count; ++i) to[i] = from[i];
#endif
}

/// Sets `count` bytes, which may be none, to a value.
THAW_INSIDE void thaw_row_fill(int8_t* to, int32_t value, int32_t count) {
#ifdef THAW_HELIUM
  __asm__ volatile(
      "vdup.8 q0, %[value]\n\t"
      "wlstp.8 lr, %[count], 2f\n"
      "1: vstrb.8 q0, [%[to]], #16\n\t"
      "letp lr, 1b\n"
      "2:"
      : [to] "+r"(to)
      : [count] "r"(count), [value] "r"(value)
      : "q0", "lr", "memory");
#else
  for (int32_t i = 0; i < count; ++i) to[i] = (int8_t)value;
#endif
}

// The same as the two below, for steps that offsets of 16 bits do not reach. `places` NULL: to_step says
// where.
THAW_APART static void thaw_row_spread_far(int8_t* to, int32_t to_step, const uint8_t* places,
                                           const int8_t* from, int32_t from_step, int32_t count) {
  for (int32_t i = 0; i < count; ++i) to[places ? places[i] : i * to_step] = from[i * from_step];
}

/// Copies byte from[i * from_step] to to[i * to_step] for i < count, count >= 1; steps are not negative.
THAW_INSIDE void thaw_row_spread(int8_t* to, int32_t to_step, const int8_t* from, int32_t from_step,
                                 int32_t count) {
#ifdef THAW_HELIUM
  if (from_step >= THAW_FARTHEST_STEP || to_step >= THAW_FARTHEST_STEP) {
    thaw_row_spread_far(to, to_step, NULL, from, from_step, count);
    return;
  }
  const uint16x8_t lanes = vidupq_n_u16(0, 1);
  const uint16x8_t from_offsets = vmulq_n_u16(lanes, (uint16_t)from_step);
  const uint16x8_t to_offsets = vmulq_n_u16(lanes, (uint16_t)to_step);
  __asm__ volatile(
      "dlstp.16 lr, %[count]\n"
      "1: vldrb.u16 q0, [%[from], %q[from_offsets]]\n\t"
      "vstrb.16 q0, [%[to], %q[to_offsets]]\n\t"
      "add %[from], %[from], %[from_step], lsl #3\n\t"
      "add %[to], %[to], %[to_step], lsl #3\n\t"
      "letp lr, 1b"
      : [to] "+r"(to), [from] "+r"(from)
      : [count] "r"(count), [from_offsets] "w"(from_offsets), [to_offsets] "w"(to_offsets),
        [from_step] "r"(from_step), [to_step] "r"(to_step)
      : "q0", "lr", "memory");
#else
  thaw_row_spread_far(to, to_step, NULL, from, from_step, count);
#endif
}

/// Copies byte from[i * from_step] to to[places[i]] for i < count; count >= 1, from_step >= 0.
THAW_INSIDE void thaw_row_place(int8_t* to, const uint8_t* places, const int8_t* from, int32_t from_step,
                                int32_t count) {
#ifdef THAW_HELIUM
  if (from_step >= THAW_FARTHEST_STEP) {
    thaw_row_spread_far(to, 0, places, from, from_step, count);
    return;
  }
  const uint16x8_t from_offsets = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)from_step);
  __asm__ volatile(
      "dlstp.16 lr, %[count]\n"
      "1: vldrb.u16 q0, [%[from], %q[from_offsets]]\n\t"
      "vldrb.u16 q1, [%[places]], #8\n\t"
      "vstrb.16 q0, [%[to], q1]\n\t"
      "add %[from], %[from], %[from_step], lsl #3\n\t"
      "letp lr, 1b"
      : [places] "+l"(places), [from] "+r"(from)
      : [to] "r"(to), [count] "r"(count), [from_offsets] "w"(from_offsets), [from_step] "r"(from_step)
      : "q0", "q1", "lr", "memory");
#else
  thaw_row_spread_far(to, 0, places, from, from_step, count);
#endif
}

/// Copies byte from[i] to to[places[i]] for i < count; count >= 1.
THAW_INSIDE void thaw_row_scatter(int8_t* to, const uint16_t* places, const int8_t* from, int32_t count) {
#ifdef THAW_HELIUM
  __asm__ volatile(
      "dlstp.16 lr, %[count]\n"
      "1: vldrb.u16 q0, [%[from]], #8\n\t"
      "vldrh.16 q1, [%[places]], #16\n\t"
      "vstrb.16 q0, [%[to], q1]\n\t"
      "letp lr, 1b"
      : [places] "+r"(places), [from] "+l"(from)
      : [to] "r"(to), [count] "r"(count)
      : "q0", "q1", "lr", "memory");
#else
  for (int32_t i = 0; i < count; ++i) to[places[i]] = from[i];
#endif
}
