// PLAN_MODEL_FILE with what is trained of it: every step one kernel call with constant parameters.
// PLAN_MADE_BY
// This file is longer than 400 lines because everything in it shares static memory, which no other file may
// see.
#include "thaw_model.h"

#include <stdbool.h>
#include <stddef.h>

PLAN_KERNEL_HEADERS
#include "thaw_constants.h"

// What the engine keeps between steps.
typedef struct session {
  uint32_t seed, step;
  uint32_t schedule_first, schedule_steps;  // 0 steps: the rate below
  int16_t rate_mantissa, rate_exponent;
  uint8_t ready;
  uint8_t end;   // of a schedule: thaw_schedule_end
  uint16_t row;  // one more than how many of an image were given; 0: none has begun
} session;

typedef struct thaw_step_result {
  int64_t loss;  // Q16
  int32_t prediction;
  int32_t error_exponent;
} thaw_step_result;

// All persistent RAM: the trained values and the session.
#ifndef THAW_STATE_PLACE
#define THAW_STATE_PLACE
#endif
THAW_STATE_PLACE static struct persistent {
  session session;
  PLAN_STATE_MEMBERS;
} state;

// The memory model's sizes and places are these.
_Static_assert(sizeof(session) == PLAN_SESSION_BYTES, "session");
_Static_assert(sizeof state == THAW_PERSISTENT_BYTES, "persistent RAM");
PLAN_STATE_PLACES;

#include "engine/model/frame_arena.h"

#if PLAN_CLASSIFIES
#define LOGITS PLAN_LOGITS
#else
#define OUTPUT PLAN_OUTPUT
#endif
#define RESULT PLAN_RESULT
#if PLAN_MAKES_GRADIENTS
#define EXPONENTS PLAN_EXPONENTS  // of the gradient tensors in this step
#define GRADIENT_STATES PLAN_GRADIENT_STATES
#define FEATURE_EXPONENT (PLAN_FEATURE_EXPONENT)  // of the feature gradient, above the error's

// The constant part of thaw_gradient_tensor's arguments.
typedef struct gradient_call {
  thaw_gradient_target target;
  thaw_gradient_source sources[THAW_GRADIENT_SOURCES];  // without exponents
  int16_t source_tensor[THAW_GRADIENT_SOURCES];         // whose exponent; -1: the feature gradient's
  int16_t tensor;
  int16_t source_count;
  int32_t* scratch;
} gradient_call;
#endif

// Parameters of the kernels.
PLAN_PARAMETERS;

// Learning rates of a schedule, mantissa * 2^(exponent - 15): warm-up, then cosine.
static const struct { int16_t mantissa, exponent; } schedule_rates[THAW_RATES] = {PLAN_RATES};

// The trained values in the order of a state record, where they start from, and how large they may be.
static const thaw_state_piece pieces[] = {PLAN_STATE_PIECES};

static const thaw_state_view view = {
    .pieces = pieces,
    .piece_count = PLAN_STATE_PIECE_COUNT,
    .value_bytes = THAW_STATE_BYTES - THAW_RECORD_OVERHEAD_BYTES,
    .model = THAW_MODEL_ID,
    .seed = &state.session.seed,
    .step = &state.session.step,
};

enum { READY = 0x54 };

#include "engine/model/frame_variables.h"

// A rate and no schedule, until the application asks for others.
static void begin_session(void) {
#if PLAN_HAS_VARIABLES
  thaw_reset_state();
#endif
  state.session.schedule_first = 0;
  state.session.schedule_steps = 0;
  state.session.rate_mantissa = PLAN_RATE_MANTISSA;
  state.session.rate_exponent = PLAN_RATE_EXPONENT;
  state.session.row = 0;
  state.session.ready = READY;
  state.session.end = (uint8_t)THAW_END_LAST_RATE;
}

#if PLAN_MAKES_GRADIENTS
// Makes one gradient tensor: the exponents of its sources are known only now.
static void make_gradient(const gradient_call* call) {
  thaw_gradient_source sources[THAW_GRADIENT_SOURCES] = {call->sources[0], call->sources[1]};
  for (int32_t j = 0; j < call->source_count; ++j)
    sources[j].exponent = call->source_tensor[j] < 0 ? RESULT->error_exponent + FEATURE_EXPONENT
                                                     : EXPONENTS[call->source_tensor[j]];
  EXPONENTS[call->tensor] =
      thaw_gradient_tensor(&call->target, sources, call->source_count, RESULT->error_exponent + 15,
                           GRADIENT_STATES + call->tensor, call->scratch);
}

#endif
#if PLAN_UPDATES_LAYERS
// The update of one layer with what only this step knows.
static thaw_update begin_update(const thaw_update* constant, int32_t tensor, const thaw_training_step* step) {
  thaw_update update = *constant;
  update.gradient_exponent = EXPONENTS[tensor];
  update.step = *step;
  return update;
}

#endif
static void start_values(uint32_t seed) {
  thaw_state_start(&view);
#if PLAN_MAKES_GRADIENTS
  for (int32_t i = 0; i < PLAN_GRADIENT_TENSORS; ++i)
    GRADIENT_STATES[i] = (thaw_gradient_state){.exponent = THAW_GRADIENT_START_EXPONENT};
#endif
#if PLAN_DRAWS_CLASSIFIER
  thaw_classifier_start(PLAN_CLASSIFIER_START);
#else
  (void)seed;
#endif
  *RESULT = (thaw_step_result){.loss = 0};
}

#include "engine/model/frame_rows.h"

#include "engine/model/frame_latent.h"

// The forward pass behind the cut. What learning alone needs of it, masks and saved inputs, inference leaves
// out.
static void forward(bool learns) {
  (void)learns;
  PLAN_FORWARD_STEPS;
}

// Loss, gradients, updates. A sample whose errors are all 0 changes nothing; without a step the loss is all.
static void learn(PLAN_TRUTH_PARAMETER, const thaw_training_step* step) {
  (void)PLAN_TRUTH;
  PLAN_LOSS_STEPS;
#if PLAN_TRAINS
  if (!loss.changes || !step) return;
#else
  (void)step;
#endif
#if PLAN_UPDATES_LAYERS
  thaw_update update;
#endif
  PLAN_TRAINING_STEPS;
}

void thaw_init(uint32_t seed) {
  start_values(seed);
  state.session.seed = seed;
  state.session.step = 0;
  begin_session();
}

static int32_t infer(void) {
  prefix();
  forward(false);
#if PLAN_CLASSIFIES
  const int32_t* logits = LOGITS;
  int32_t best = 0;
  for (int32_t c = 1; c < THAW_CLASSES; ++c)
    if (logits[c] > logits[best]) best = c;
  return best;
#endif
#if PLAN_REGRESSES
  return THAW_OK;
#endif
#if PLAN_RECONSTRUCTS
  learn(NULL, NULL);
  return THAW_OK;
#endif
}

int32_t thaw_infer(const int8_t* input) {
  if (state.session.ready != READY) return THAW_NOT_READY;
  if (!input) return THAW_BAD_ARGUMENT;
  state.session.row = 0;
  take_image(input);
  return infer();
}

#if PLAN_CLASSIFIES
const int32_t* thaw_logits(void) {
  return LOGITS;
}

int32_t thaw_confidence(void) {
  const int32_t* logits = LOGITS;
  int32_t best = 0;
  for (int32_t c = 1; c < THAW_CLASSES; ++c)
    if (logits[c] > logits[best]) best = c;
  const int64_t most = thaw_softmax_log2(PLAN_LOSS_SCALE, logits[best]);
  uint64_t sum = 0;  // of probabilities relative to the best, in units of 2^-24
  for (int32_t c = 0; c < THAW_CLASSES; ++c)
    sum += thaw_exp2_negative(most - thaw_softmax_log2(PLAN_LOSS_SCALE, logits[c]));
  return (int32_t)(((UINT64_C(1) << 40) + sum / 2) / sum);
}

#else
const int8_t* thaw_output(void) {
  return OUTPUT;
}

#endif

// The rate of this step: the schedule's, or the one that was set.
static thaw_training_step this_step(void) {
  const session* s = &state.session;
  thaw_training_step step = {
      .rate_mantissa = s->rate_mantissa, .rate_exponent = s->rate_exponent, .seed = s->seed, .step = s->step};
  uint32_t passed = s->step - s->schedule_first;
  if (s->schedule_steps != 0 && (passed < s->schedule_steps || s->end != THAW_END_SET_RATE)) {
    if (s->end == THAW_END_RESTART) passed %= s->schedule_steps;
    const uint32_t entry = thaw_rate_entry(passed, s->schedule_steps);
    step.rate_mantissa = schedule_rates[entry].mantissa;
    step.rate_exponent = schedule_rates[entry].exponent;
  }
  return step;
}

// A training step from what crosses the cut.
static void train_rest(PLAN_TRUTH_PARAMETER) {
  forward(true);
  const thaw_training_step step = this_step();
  learn(PLAN_TRUTH, &step);
  ++state.session.step;
}

static void train(PLAN_TRUTH_PARAMETER) {
  prefix();
  train_rest(PLAN_TRUTH);
}

thaw_status thaw_train_step(const int8_t* input, PLAN_TRUTH_PARAMETER) {
  if (state.session.ready != READY) return THAW_NOT_READY;
  if (!input || PLAN_TRUTH_IS_BAD) return THAW_BAD_ARGUMENT;
  state.session.row = 0;
  take_image(input);
  train(PLAN_TRUTH);
  return THAW_OK;
}

thaw_status thaw_train_latent(const int8_t* latent, PLAN_TRUTH_PARAMETER) {
  if (state.session.ready != READY) return THAW_NOT_READY;
  if (!latent || PLAN_TRUTH_IS_BAD) return THAW_BAD_ARGUMENT;
  state.session.row = 0;
  take_latent(latent);
  train_rest(PLAN_TRUTH);
  return THAW_OK;
}

thaw_status thaw_begin(void) {
  if (state.session.ready != READY) return THAW_NOT_READY;
  state.session.row = 1;
  return THAW_OK;
}

int32_t thaw_finish(void) {
  return ends_image() ? infer() : (int32_t)THAW_NOT_READY;
}

thaw_status thaw_finish_step(PLAN_TRUTH_PARAMETER) {
  if (PLAN_TRUTH_IS_BAD) return THAW_BAD_ARGUMENT;
  if (!ends_image()) return THAW_NOT_READY;
  train(PLAN_TRUTH);
  return THAW_OK;
}

int64_t thaw_last_loss(void) {
  return RESULT->loss;
}

int32_t thaw_last_prediction(void) {
  return RESULT->prediction;
}

uint32_t thaw_step_number(void) {
  return state.session.step;
}

thaw_status thaw_set_learning_rate(int32_t mantissa, int32_t exponent) {
  if (mantissa != 0 && (mantissa < 16384 || mantissa > 32767)) return THAW_BAD_ARGUMENT;
  if (exponent < -64 || exponent > 15) return THAW_BAD_ARGUMENT;
  if (state.session.ready != READY) return THAW_NOT_READY;
  state.session.rate_mantissa = (int16_t)mantissa;
  state.session.rate_exponent = (int16_t)exponent;
  state.session.schedule_steps = 0;
  return THAW_OK;
}

thaw_status thaw_set_schedule(uint32_t first_step, uint32_t steps) {
  if (steps == 0) return THAW_BAD_ARGUMENT;
  if (state.session.ready != READY) return THAW_NOT_READY;
  state.session.schedule_first = first_step;
  state.session.schedule_steps = steps;
  return THAW_OK;
}

thaw_status thaw_set_schedule_end(thaw_schedule_end end) {
  if (end != THAW_END_LAST_RATE && end != THAW_END_RESTART && end != THAW_END_SET_RATE)
    return THAW_BAD_ARGUMENT;
  if (state.session.ready != READY) return THAW_NOT_READY;
  state.session.end = (uint8_t)end;
  return THAW_OK;
}

uint32_t thaw_state_crc(void) {
  return thaw_state_values_crc(&view);
}

thaw_status thaw_write_state(thaw_write_bytes write, void* context) {
  if (!write) return THAW_BAD_ARGUMENT;
  if (state.session.ready != READY) return THAW_NOT_READY;
  return thaw_record_write(&view, 0, write, context);
}

// What a load leaves: a model that is ready to go on, as it was, or, where storage failed, not ready.
static thaw_status finish_load(thaw_status status, bool changed) {
  if (!changed) return status;
  state.session.ready = 0;
  state.session.row = 0;
  if (status == THAW_OK) begin_session();
  return status;
}

thaw_status thaw_read_state(thaw_read_bytes read, void* context) {
  if (!read) return THAW_BAD_ARGUMENT;
  bool changed;
  const thaw_status status = thaw_record_read(&view, read, context, &changed);
  return finish_load(status, changed);
}

static bool write_memory(void* context, uint32_t offset, const void* bytes, uint32_t count) {
  uint8_t* to = (uint8_t*)context + offset;
  const uint8_t* from = (const uint8_t*)bytes;
  for (uint32_t i = 0; i < count; ++i) to[i] = from[i];
  return true;
}

static bool read_memory(void* context, uint32_t offset, void* bytes, uint32_t count) {
  const uint8_t* from = *(const uint8_t**)context + offset;
  uint8_t* to = (uint8_t*)bytes;
  for (uint32_t i = 0; i < count; ++i) to[i] = from[i];
  return true;
}

thaw_status thaw_get_state(void* record, uint32_t size) {
  if (!record) return THAW_BAD_ARGUMENT;
  if (size != THAW_STATE_BYTES) return THAW_WRONG_SIZE;
  return thaw_write_state(write_memory, record);
}

thaw_status thaw_set_state(const void* record, uint32_t size) {
  if (!record) return THAW_BAD_ARGUMENT;
  if (size != THAW_STATE_BYTES) return THAW_WRONG_SIZE;
  const uint8_t* bytes = (const uint8_t*)record;
  return thaw_read_state(read_memory, (void*)&bytes);
}

thaw_status thaw_save_state(const thaw_slots* slots) {
  if (!slots) return THAW_BAD_ARGUMENT;
  if (state.session.ready != READY) return THAW_NOT_READY;
  return thaw_slots_save(&view, slots);
}

thaw_status thaw_load_state(const thaw_slots* slots) {
  if (!slots) return THAW_BAD_ARGUMENT;
  bool changed;
  const thaw_status status = thaw_slots_load(&view, slots, &changed);
  return finish_load(status, changed);
}
