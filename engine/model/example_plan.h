// What the smallest plan would say in the templates of this folder, so that compilers and clang-tidy read
// them as they are: one channel, two classes; nothing runs. Included before them by the build, embedded
// nowhere.
#pragma once

#include <stddef.h>

#include "engine/kernels/classifier.h"
#include "engine/kernels/classifier_backward.h"
#include "engine/kernels/copy.h"
#include "engine/kernels/gradient.h"
#include "engine/kernels/softmax_loss.h"
#include "engine/kernels/training_step.h"
#include "engine/kernels/update.h"

// thaw_model.h
#define PLAN_HEIGHT 1
#define PLAN_WIDTH 1
#define PLAN_CHANNELS 1
#define PLAN_CLASSES 2
#define PLAN_CLASSIFIES 1
#define PLAN_REGRESSES 0
#define PLAN_RECONSTRUCTS 0
#define PLAN_HAS_ANOMALY_THRESHOLD 0
#define PLAN_ANOMALY_THRESHOLD 0
#define PLAN_TARGET_BYTES 0
#define PLAN_TRUTH_PARAMETER int32_t label
#define PLAN_TRUTH label
#define PLAN_TRUTH_IS_BAD (label < 0 || label >= THAW_CLASSES)
#define PLAN_MODEL_ID UINT32_C(0x7E57)
#define PLAN_INPUT_BYTES 1
#define PLAN_INPUT_ROWS 1
#define PLAN_INPUT_ROW_BYTES 1
#define PLAN_BY_ROWS 1
#define PLAN_INPUT_ZERO_POINT 3
#define PLAN_INPUT_SCALE 0.5
#define PLAN_INPUT_IS_UINT8_IN_FILE 1
#define PLAN_ARENA_BYTES 64
#define PLAN_ARENA_ALIGNMENT 8
#ifdef EXAMPLE_INFERS
#define PLAN_PERSISTENT_BYTES 8
#define PLAN_SESSION_BYTES 8
#else
#define PLAN_PERSISTENT_BYTES 56
#define PLAN_SESSION_BYTES 24
#endif
#define PLAN_STACK_BYTES 1024
#define PLAN_RAM_BYTES 1144
#define PLAN_CONSTANT_BYTES 4
#define PLAN_CODE_BYTES 4096
#define PLAN_STATE_BYTES 46
#define PLAN_VARIABLE_BYTES 2
#define PLAN_HAS_VARIABLES 1
#define PLAN_LATENT_BYTES 2
#define PLAN_LOGITS_SCALE 0.25
#define PLAN_OUTPUT_BYTES 2
#define PLAN_OUTPUT_ZERO_POINT 5
#define PLAN_OUTPUT_SCALE 0.00390625

// thaw_constants.h
#define PLAN_CONSTANTS                     \
  static const int8_t weights[2] = {1, 2}; \
  static const int32_t factors[1] = {1 << 30}

// thaw_model.c of inference
#define PLAN_OUTPUT ARENA(int8_t, 8)

// thaw_model.c
#define PLAN_KERNEL_HEADERS
#define PLAN_STATE_MEMBERS \
  thaw_step_result result; \
  int32_t biases[2];       \
  int8_t trained[2];       \
  thaw_gradient_state exponents[2]
#define PLAN_STATE_PLACES _Static_assert(offsetof(struct persistent, biases) == 40, "biases")
#define PLAN_STATE_PIECES                                                 \
  {state.biases, NULL, 8, INT32_MAX}, {state.trained, weights, 2, 127}, { \
    state.exponents, NULL, 4, 0                                           \
  }
#define PLAN_STATE_PIECE_COUNT 3
#define PLAN_VARIABLES \
  { ARENA(int8_t, 4), weights, 0, 2 }
#define PLAN_INPUT ARENA(int8_t, 0)
#define PLAN_ROW_PLACES 0
#define PLAN_ROW_CASES \
  case 0:              \
    STEP_DONE(0);      \
    break
#define PLAN_LATENT_PIECES \
  { ARENA(int8_t, 8), 2 }
#define PLAN_PREFIX_STEPS thaw_copy(ARENA(uint8_t, 8), ARENA(uint8_t, 0), 2)
#define PLAN_LOGITS ARENA(int32_t, 8)
#define PLAN_RESULT (&state.result)
#define PLAN_EXPONENTS ARENA(int32_t, 16)
#define PLAN_GRADIENT_STATES state.exponents
#define PLAN_GRADIENT_TENSORS 2
#define PLAN_FEATURE_EXPONENT 0
#define PLAN_MAKES_GRADIENTS 1
#define PLAN_UPDATES_LAYERS 1
#define PLAN_TRAINS 1
#ifdef EXAMPLE_INFERS
#define PLAN_PARAMETERS static const uint32_t copied_bytes = 2
#else
#define PLAN_PARAMETERS                                                                            \
  static const thaw_classifier classifier_0 = {2, 1, 0};                                           \
  static const thaw_softmax_loss_scale loss_scale = {2, 1 << 30, 0};                               \
  static const gradient_call gradient_call_0 = {.target = {1, 1, 7, NULL, ARENA(int8_t, 24)},      \
                                                .sources = {{.kind = THAW_SOURCE_ELEMENTS,         \
                                                             .scale = {factors, 1, 0},             \
                                                             .accumulators = ARENA(int32_t, 32)}}, \
                                                .source_tensor = {-1},                             \
                                                .source_count = 1,                                 \
                                                .scratch = ARENA(int32_t, 40)};                    \
  static const thaw_update bias_update = {.gradient = {ARENA(int8_t, 24), false}, .scale = {factors, 1, 0}}
#endif
#define PLAN_RATES \
  { 16384, -7 }
#define PLAN_RATE_MANTISSA 16384
#define PLAN_RATE_EXPONENT 0
#define PLAN_DRAWS_CLASSIFIER 1
#define PLAN_CLASSIFIER_START &classifier_0, seed, 4096, ARENA(int16_t, 48), state.biases
#ifdef EXAMPLE_INFERS
#define PLAN_FORWARD_STEPS thaw_copy(ARENA(uint8_t, 8), ARENA(uint8_t, 0), copied_bytes)
#else
#define PLAN_FORWARD_STEPS \
  thaw_classifier_s16(&classifier_0, PLAN_INPUT, ARENA(int16_t, 48), state.biases, LOGITS)
#endif
#define PLAN_LOSS_SCALE (&loss_scale)
#define PLAN_LOSS_STEPS                                                                     \
  const thaw_loss loss = thaw_softmax_loss(&loss_scale, LOGITS, label, ARENA(int32_t, 56)); \
  *RESULT = (thaw_step_result) {                                                            \
    loss.loss, loss.prediction, loss.error_exponent                                         \
  }
#define PLAN_TRAINING_STEPS                                   \
  make_gradient(&gradient_call_0);                            \
  update = begin_update(&bias_update, 0, step);               \
  thaw_update_biases(&update, 1, 1, INT32_MAX, state.biases); \
  STEP_DONE(0)
