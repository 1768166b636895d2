// Counter-based random numbers: a value is a function of (seed, stream, n, index), never of call order
// (docs/arithmetic.md, section 3). The mixer is a 32-bit finaliser of two multiplications.
#pragma once

#include <stdint.h>

/// Streams: what a random number is for. The second argument `n` of the key is in brackets.
enum {
  THAW_STREAM_CLASSIFIER_START = 1,    // [0]
  THAW_STREAM_SHUFFLE = 2,             // [epoch]
  THAW_STREAM_FLIP = 3,                // [epoch]
  THAW_STREAM_REPLAY = 4,              // [0]
  THAW_STREAM_CLASSIFIER_WEIGHTS = 8,  // [step]
  THAW_STREAM_CLASSIFIER_BIASES = 9,   // [step]
  THAW_STREAM_BIASES = 16,             // + 2 * convolution [step]
  THAW_STREAM_WEIGHTS = 17             // + 2 * convolution [step]
};

/// The streams of a convolution, by its number.
static inline uint32_t thaw_bias_stream(int32_t convolution) {
  return THAW_STREAM_BIASES + 2 * (uint32_t)convolution;
}
static inline uint32_t thaw_weight_stream(int32_t convolution) {
  return THAW_STREAM_WEIGHTS + 2 * (uint32_t)convolution;
}

/// A bijection of uint32 whose output bits all depend on all input bits.
static inline uint32_t thaw_mix(uint32_t x) {
  x ^= x >> 16;
  x *= UINT32_C(0x7feb352d);
  x ^= x >> 15;
  x *= UINT32_C(0x846ca68b);
  x ^= x >> 16;
  return x;
}

/// The key of one sequence of random words.
static inline uint32_t thaw_key(uint32_t seed, uint32_t stream, uint32_t n) {
  const uint32_t seeded = thaw_mix(seed + UINT32_C(0x9E3779B9));
  return thaw_mix(thaw_mix(seeded + stream * UINT32_C(0x85EBCA6B)) + n * UINT32_C(0xC2B2AE35));
}

/// Word `index` of the sequence: 32 random bits.
static inline uint32_t thaw_word(uint32_t key, uint32_t index) {
  return thaw_mix(key + index * UINT32_C(0x9E3779B9));
}

/// 16 random bits (0..65535): two of them share a word, the even index has the low half.
static inline int32_t thaw_r16(uint32_t key, uint32_t index) {
  const uint32_t word = thaw_word(key, index / 2);
  return (int32_t)(index % 2 == 0 ? word & UINT32_C(0xFFFF) : word >> 16);
}
