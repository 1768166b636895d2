// What the test program calls that a firmware for inference alone does not have: nothing is trained, so the
// output's checksum stands where that of the trained values would.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <thaw_model.h>

#include "engine/runtime/crc32.h"

#define THAW_STATE_BYTES 0
#define THAW_CLASSES 0
#define THAW_TARGET_BYTES 0
#define THAW_RECONSTRUCTS 0

static inline void thaw_init(uint32_t seed) {
  (void)seed;
}

static inline thaw_status thaw_set_schedule(uint32_t first_step, uint32_t steps) {
  (void)first_step;
  (void)steps;
  return THAW_OK;
}

static inline thaw_status thaw_set_learning_rate(int32_t mantissa, int32_t exponent) {
  (void)mantissa;
  (void)exponent;
  return THAW_OK;
}

static inline thaw_status thaw_train_step(const int8_t* input, const int8_t* target) {
  (void)input;
  (void)target;
  return THAW_BAD_ARGUMENT;
}

static inline thaw_status thaw_finish_step(const int8_t* target) {
  return thaw_train_step(NULL, target);
}

static inline int32_t thaw_last_prediction(void) {
  return 0;
}

static inline int64_t thaw_last_loss(void) {
  return 0;
}

static inline uint32_t thaw_step_number(void) {
  return 0;
}

static inline uint32_t thaw_state_crc(void) {
  return thaw_crc32(0, thaw_output(), THAW_OUTPUT_BYTES);
}

typedef bool (*thaw_write_bytes)(void* context, uint32_t offset, const void* bytes, uint32_t count);

static inline thaw_status thaw_write_state(thaw_write_bytes write, void* context) {
  (void)write;
  (void)context;
  return THAW_OK;
}
