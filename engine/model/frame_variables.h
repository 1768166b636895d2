// Piece of a generated thaw_model.c: what the model keeps from one call to the next, and how it starts.
#pragma once

#if PLAN_HAS_VARIABLES
// The state variables and what they start from: a value for each byte, or one for all.
static const struct {
  int8_t* place;
  const int8_t* start;
  uint32_t start_step, bytes;
} variables[] = {PLAN_VARIABLES};

void thaw_reset_state(void) {
  for (uint32_t v = 0; v < sizeof variables / sizeof variables[0]; ++v)
    for (uint32_t i = 0; i < variables[v].bytes; ++i)
      variables[v].place[i] = variables[v].start[i * variables[v].start_step];
}

#endif
