// The DSP instructions of Armv7E-M and Armv8-M (Cortex-M4, M7, M33, M55) that the *_dsp.c kernels use, and
// the same functions in C for every other machine, so that these kernels run, and are tested, anywhere.
// Sums wrap modulo 2^32 on both.
#pragma once

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#error "the kernels for DSP instructions take bytes out of little-endian words; use those of engine/kernels"
#endif

// No kernel that includes this computes with floats, and the statements below need most of the general
// registers: GCC gives them up to loops only where it does not count on those of a floating point unit.
#if defined(__ARM_FP) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("general-regs-only")
#endif

#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
#define THAW_DSP_INSTRUCTION(name, text, ...) \
  uint32_t name;                              \
  __asm__(text : "=r"(name) : __VA_ARGS__);   \
  return name
#endif

/// Keeps a function out of its callers, whose loops then have the registers for themselves.
#ifdef __GNUC__
#define THAW_NOINLINE __attribute__((noinline, unused))
#else
#define THAW_NOINLINE
#endif

/// In a loop that is too short for the memset or memcpy that the compiler would make of it.
#ifdef __GNUC__
#define THAW_KEEP_LOOP __asm__ volatile("")
#else
#define THAW_KEEP_LOOP ((void)0)
#endif

/// Four bytes at any address as a word, the first in the low byte.
static inline uint32_t thaw_load_word(const void* bytes) {
  uint32_t word;
  __builtin_memcpy(&word, bytes, sizeof word);
  return word;
}

/// Stores the low half of a value at any address.
static inline void thaw_store_half(void* to, int32_t value) {
  const int16_t half = (int16_t)value;
  __builtin_memcpy(to, &half, sizeof half);
}

/// Bytes 0 and 2 of a word, sign-extended to the low and the high half.
static inline uint32_t thaw_sxtb16(uint32_t word) {
#ifdef THAW_DSP_INSTRUCTION
  THAW_DSP_INSTRUCTION(result, "sxtb16 %0, %1", "r"(word));
#else
  const int32_t low = (int8_t)(word & 0xFFu);
  const int32_t high = (int8_t)(word >> 16 & 0xFFu);
  return ((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16;
#endif
}

/// Bytes 1 and 3, likewise.
static inline uint32_t thaw_sxtb16_odd(uint32_t word) {
#ifdef THAW_DSP_INSTRUCTION
  THAW_DSP_INSTRUCTION(result, "sxtb16 %0, %1, ror #8", "r"(word));
#else
  return thaw_sxtb16(word >> 8);
#endif
}

/// The low half of `low` below the low half of `high`.
static inline uint32_t thaw_pack_low(uint32_t low, uint32_t high) {
#ifdef THAW_DSP_INSTRUCTION
  THAW_DSP_INSTRUCTION(result, "pkhbt %0, %1, %2, lsl #16", "r"(low), "r"(high));
#else
  return (low & 0xFFFFu) | high << 16;
#endif
}

/// The high half of `low` below the high half of `high`.
static inline uint32_t thaw_pack_high(uint32_t low, uint32_t high) {
#ifdef THAW_DSP_INSTRUCTION
  THAW_DSP_INSTRUCTION(result, "pkhtb %0, %1, %2, asr #16", "r"(high), "r"(low));
#else
  return low >> 16 | (high & 0xFFFF0000u);
#endif
}

/// Both halves of a plus bytes 0 and 2 of a word, sign-extended.
static inline uint32_t thaw_sxtab16(uint32_t a, uint32_t word) {
#ifdef THAW_DSP_INSTRUCTION
  THAW_DSP_INSTRUCTION(result, "sxtab16 %0, %1, %2", "r"(a), "r"(word));
#else
  const uint32_t bytes = thaw_sxtb16(word);
  return ((a + bytes) & 0xFFFFu) | ((a & 0xFFFF0000u) + (bytes & 0xFFFF0000u));
#endif
}

/// The same with bytes 1 and 3.
static inline uint32_t thaw_sxtab16_odd(uint32_t a, uint32_t word) {
#ifdef THAW_DSP_INSTRUCTION
  THAW_DSP_INSTRUCTION(result, "sxtab16 %0, %1, %2, ror #8", "r"(a), "r"(word));
#else
  return thaw_sxtab16(a, word >> 8);
#endif
}

/// sum + low half of a * low half of b + high half of a * high half of b; the halves are signed.
static inline uint32_t thaw_smlad(uint32_t a, uint32_t b, uint32_t sum) {
#ifdef THAW_DSP_INSTRUCTION
  THAW_DSP_INSTRUCTION(result, "smlad %0, %1, %2, %3", "r"(a), "r"(b), "r"(sum));
#else
  const int32_t low = (int16_t)(a & 0xFFFFu) * (int16_t)(b & 0xFFFFu);
  const int32_t high = (int16_t)(a >> 16) * (int16_t)(b >> 16);
  return sum + (uint32_t)low + (uint32_t)high;
#endif
}

/// The high word of a * b, halves up.
static inline int32_t thaw_high_rounded(int32_t a, int32_t b) {
#ifdef THAW_DSP_INSTRUCTION
  int32_t result;
  __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
  return result;
#else
  return (int32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32);
#endif
}

/// x limited to -128..127.
static inline int32_t thaw_ssat8(int32_t x) {
#ifdef THAW_DSP_INSTRUCTION
  int32_t result;
  __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(x));
  return result;
#else
  return x < -128 ? -128 : x > 127 ? 127 : x;
#endif
}

/// x / 2 rounded down, limited to -128..127.
static inline int32_t thaw_ssat8_half(int32_t x) {
#ifdef THAW_DSP_INSTRUCTION
  int32_t result;
  __asm__("ssat %0, #8, %1, asr #1" : "=r"(result) : "r"(x));
  return result;
#else
  return thaw_ssat8(x >> 1);
#endif
}

/// The low half of `low` below the high half of `high`, neither moved.
static inline uint32_t thaw_pack_ends(uint32_t low, uint32_t high) {
#ifdef THAW_DSP_INSTRUCTION
  THAW_DSP_INSTRUCTION(result, "pkhbt %0, %1, %2", "r"(low), "r"(high));
#else
  return (low & 0xFFFFu) | (high & 0xFFFF0000u);
#endif
}

/// Fewer than four bytes as a word; the missing ones are 0.
static inline uint32_t thaw_load_bytes(const int8_t* bytes, int32_t count) {
  uint32_t word = 0;
  for (int32_t i = 0; i < count; ++i) word |= (uint32_t)(uint8_t)bytes[i] << (8 * i);
  return word;
}

/// A value in both halves.
static inline uint32_t thaw_twice(int32_t value) {
  return ((uint32_t)value & 0xFFFFu) | (uint32_t)value << 16;
}
