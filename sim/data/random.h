// Counter-based random numbers (docs/arithmetic.md, section 3): each is a function of seed, stream, step and
// index, so any order of asking and any number of threads gives the same ones. Here are those that order and
// mirror samples; the streams of weights and rounding belong to the engine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thaw {

/// What a number is drawn for. 4 and 5 are ours alone (the device never draws them); the others are the
/// contract's.
enum class RandomStream : uint32_t { shuffle = 2, flip = 3, validation = 4, test = 5 };

/// Scrambles 32 bits; a bijection with mix(0) = 0.
constexpr uint32_t random_mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  x ^= x >> 16;
  return x;
}

/// The key of one sequence. `step` is the epoch for shuffling and flips, 0 for the splits.
constexpr uint32_t random_key(uint32_t seed, uint32_t stream, uint32_t step) {
  return random_mix(random_mix(random_mix(seed + 0x9E3779B9U) + stream * 0x85EBCA6BU) + step * 0xC2B2AE35U);
}
constexpr uint32_t random_key(uint32_t seed, RandomStream stream, uint32_t step) {
  return random_key(seed, static_cast<uint32_t>(stream), step);
}

/// Number `index` of the sequence `key`, uniform over 32 bits.
constexpr uint32_t random_word(uint32_t key, uint32_t index) {
  return random_mix(key + index * 0x9E3779B9U);
}

/// The order in which an epoch visits `count` samples: a permutation of 0..count-1.
std::vector<uint32_t> shuffle(uint32_t seed, uint32_t epoch, uint32_t count);

/// Whether sample `id` (its place in the split, not in the epoch) is mirrored in this epoch.
bool flipped(uint32_t seed, uint32_t epoch, uint32_t id);

/// Mirrors one int8 image of height x width x channels left to right, in place.
void flip_left_right(std::span<int8_t> image, int32_t height, int32_t width, int32_t channels);

}  // namespace thaw
