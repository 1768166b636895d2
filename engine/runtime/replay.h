// A reservoir of latents (thaw_store_latent) in memory of the application, for a model that goes on learning
// and must not forget: which samples stay, and which are trained again. Classes share the memory evenly, and
// within a class every sample seen has the same chance to be there: class-balancing reservoir sampling
// (Chrysakis and Moens, Online Continual Learning from Imbalanced Data, 2020, algorithm 1).
//
//   thaw_store_latent(image, latent);
//   thaw_train_latent(latent, label);
//   for (int32_t i = 0; i < 4; ++i) {                          // old ones after every fresh one
//     const int32_t old = thaw_replay_draw(&replay);
//     if (old >= 0) thaw_train_latent(thaw_replay_latent(&replay, old), thaw_replay_label(&replay, old));
//   }
//   const int32_t slot = thaw_replay_offer(&replay, label);
//   if (slot >= 0) memcpy(thaw_replay_latent(&replay, slot), latent, THAW_LATENT_BYTES);
#pragma once

#include <stdint.h>

#include "engine/runtime/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What is known of a class: samples offered, samples kept, and whether it ever had the most of a full
/// reservoir.
typedef struct thaw_replay_class {
  uint32_t seen;
  uint16_t kept, was_largest;
} thaw_replay_class;

/// Set by thaw_replay_start; all arrays lie in the application's memory.
typedef struct thaw_replay {
  thaw_replay_class* classes;  // [class_count]
  int8_t* latents;             // [capacity][latent_bytes]
  uint8_t* labels;             // [capacity]
  uint32_t latent_bytes, capacity, kept;
  int32_t class_count;
  uint32_t key, drawn;  // of random numbers (docs/arithmetic.md, section 3), and how many were taken
} thaw_replay;

/// Not a slot.
enum { THAW_REPLAY_NONE = -1 };

/// How many latents so many bytes of memory hold beside their labels and the counts of the classes; at most
/// 65,535.
uint32_t thaw_replay_capacity(uint32_t bytes, uint32_t latent_bytes, int32_t classes);

/// An empty reservoir. `memory` is aligned to 4 bytes and stays the reservoir's; classes 1..255. The seed
/// decides all that follows. THAW_BAD_ARGUMENT, or THAW_WRONG_SIZE where not one latent fits.
thaw_status thaw_replay_start(thaw_replay* replay, void* memory, uint32_t bytes, uint32_t latent_bytes,
                              int32_t classes, uint32_t seed);

/// Whether a sample of this class is kept: the slot that its latent is to be written to, in the place of
/// another once the reservoir is full, or THAW_REPLAY_NONE (also where `label` is no class).
int32_t thaw_replay_offer(thaw_replay* replay, int32_t label);

/// The slot of a kept latent, each with the same chance, or THAW_REPLAY_NONE where none is kept.
int32_t thaw_replay_draw(thaw_replay* replay);

/// Place and class of a slot that thaw_replay_offer or thaw_replay_draw gave.
int8_t* thaw_replay_latent(const thaw_replay* replay, int32_t slot);
int32_t thaw_replay_label(const thaw_replay* replay, int32_t slot);

#ifdef __cplusplus
}
#endif
