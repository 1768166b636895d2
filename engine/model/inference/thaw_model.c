// PLAN_MODEL_FILE, inference alone: every step one kernel call with constant parameters. PLAN_MADE_BY
#include "thaw_model.h"

#include <stdbool.h>
#include <stddef.h>

PLAN_KERNEL_HEADERS
#include "thaw_constants.h"

// All persistent RAM: what is kept between calls.
static struct persistent {
  struct session {
    uint32_t used;  // 0 before the first call: state variables have no values yet
    uint16_t row;   // one more than how many of an image were given; 0: none has begun
  } session;
} state;

// The memory model's sizes are these.
_Static_assert(sizeof(struct session) == PLAN_SESSION_BYTES, "session");
_Static_assert(sizeof state == THAW_PERSISTENT_BYTES, "persistent RAM");

#include "engine/model/frame_arena.h"

// Parameters of the kernels.
PLAN_PARAMETERS;

#include "engine/model/frame_rows.h"
#include "engine/model/frame_variables.h"

static void begin(uint16_t row) {
#if PLAN_HAS_VARIABLES
  if (!state.session.used) thaw_reset_state();
#endif
  state.session.used = 1;
  state.session.row = row;
}

const int8_t* thaw_output(void) {
  return PLAN_OUTPUT;
}

// What is left to do once the input is there.
static int32_t infer(void) {
  PLAN_FORWARD_STEPS;
  const int8_t* values = thaw_output();
  int32_t best = 0;
  for (int32_t i = 1; i < THAW_OUTPUT_BYTES; ++i)
    if (values[i] > values[best]) best = i;
  return best;
}

int32_t thaw_infer(const int8_t* input) {
  if (!input) return THAW_BAD_ARGUMENT;
  begin(0);
  take_image(input);
  return infer();
}

thaw_status thaw_begin(void) {
  begin(1);
  return THAW_OK;
}

int32_t thaw_finish(void) {
  return ends_image() ? infer() : (int32_t)THAW_NOT_READY;
}
