// Ticks of every step of the plan, counted when the model and this are compiled with -DTHAW_PROFILE=STEPS:
// thaw_model.c then calls thaw_step_done after each step.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// The clock of the first step starts here: call it before every inference and training step.
void thaw_profile_start(void);

/// Step `step` has run since the last call.
void thaw_step_done(int32_t step);

/// Writes profile.bin: for each step of the plan, its ticks in all (8 bytes) and how often it ran (8 bytes).
bool thaw_profile_write(void);
