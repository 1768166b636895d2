// See replay.h.
#include "engine/runtime/replay.h"

#include <stddef.h>

#include "engine/kernels/random.h"

enum { MOST_CLASSES = 255, MOST_LATENTS = 65535 };

uint32_t thaw_replay_capacity(uint32_t bytes, uint32_t latent_bytes, int32_t classes) {
  const uint32_t counts = (uint32_t)classes * (uint32_t)sizeof(thaw_replay_class);
  if (bytes < counts) return 0;
  const uint32_t capacity = (bytes - counts) / (latent_bytes + 1);
  return capacity < MOST_LATENTS ? capacity : MOST_LATENTS;
}

thaw_status thaw_replay_start(thaw_replay* replay, void* memory, uint32_t bytes, uint32_t latent_bytes,
                              int32_t classes, uint32_t seed) {
  if (!replay || !memory || classes < 1 || classes > MOST_CLASSES) return THAW_BAD_ARGUMENT;
  if ((uintptr_t)memory % sizeof(uint32_t) != 0) return THAW_BAD_ARGUMENT;
  const uint32_t capacity = thaw_replay_capacity(bytes, latent_bytes, classes);
  if (capacity == 0) return THAW_WRONG_SIZE;
  replay->classes = (thaw_replay_class*)memory;
  replay->latents = (int8_t*)(replay->classes + classes);
  replay->labels = (uint8_t*)replay->latents + (size_t)capacity * latent_bytes;
  replay->latent_bytes = latent_bytes;
  replay->capacity = capacity;
  replay->kept = 0;
  replay->class_count = classes;
  replay->key = thaw_key(seed, THAW_STREAM_REPLAY, 0);
  replay->drawn = 0;
  for (int32_t c = 0; c < classes; ++c) replay->classes[c] = (thaw_replay_class){0, 0, 0};
  return THAW_OK;
}

// The next random number below `limit`.
static uint32_t random_below(thaw_replay* replay, uint32_t limit) {
  return (uint32_t)(((uint64_t)thaw_word(replay->key, replay->drawn++) * limit) >> 32);
}

// The class with the most kept samples, the first of equal ones; all of those are marked.
static int32_t largest_class(thaw_replay* replay) {
  int32_t largest = 0;
  for (int32_t c = 1; c < replay->class_count; ++c)
    if (replay->classes[c].kept > replay->classes[largest].kept) largest = c;
  for (int32_t c = 0; c < replay->class_count; ++c)
    if (replay->classes[c].kept == replay->classes[largest].kept) replay->classes[c].was_largest = 1;
  return largest;
}

// The slot of kept sample number `rank` of a class.
static uint32_t slot_of(const thaw_replay* replay, int32_t class_number, uint32_t rank) {
  uint32_t slot = 0;
  for (;; ++slot)
    if (replay->labels[slot] == class_number && rank-- == 0) return slot;
}

int32_t thaw_replay_offer(thaw_replay* replay, int32_t label) {
  if (label < 0 || label >= replay->class_count) return THAW_REPLAY_NONE;
  thaw_replay_class* own = &replay->classes[label];
  ++own->seen;
  uint32_t slot = replay->kept;
  if (slot < replay->capacity) {
    ++replay->kept;
  } else {
    const int32_t largest = largest_class(replay);
    thaw_replay_class* loser = own->was_largest ? own : &replay->classes[largest];
    uint32_t rank;
    if (own->was_largest) {
      // As in any reservoir: the n-th sample of a class stays with a chance of kept / n.
      rank = random_below(replay, own->seen);
      if (rank >= own->kept) return THAW_REPLAY_NONE;
    } else {
      rank = random_below(replay, loser->kept);
    }
    slot = slot_of(replay, (int32_t)(loser - replay->classes), rank);
    --loser->kept;
  }
  ++own->kept;
  replay->labels[slot] = (uint8_t)label;
  return (int32_t)slot;
}

int32_t thaw_replay_draw(thaw_replay* replay) {
  return replay->kept == 0 ? THAW_REPLAY_NONE : (int32_t)random_below(replay, replay->kept);
}

int8_t* thaw_replay_latent(const thaw_replay* replay, int32_t slot) {
  return replay->latents + (size_t)slot * replay->latent_bytes;
}

int32_t thaw_replay_label(const thaw_replay* replay, int32_t slot) {
  return replay->labels[slot];
}
