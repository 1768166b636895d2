// PLAN_MODEL_FILE: inference alone. PLAN_MADE_BY
//
//   int32_t class = thaw_infer(image);             // int8 image, PLAN_HEIGHT x PLAN_WIDTH x PLAN_CHANNELS
//   const int8_t* values = thaw_output();          // PLAN_OUTPUT_BYTES of them
//
// Not reentrant: one model, one caller. Nothing allocates, blocks or aborts; nothing has to be set up.
#pragma once

#include <stdint.h>

#include "engine/runtime/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// An image is int8 in NHWC order: real value = (value - zero point) * scale.
#if PLAN_INPUT_IS_UINT8_IN_FILE
// The input in the model's file is uint8: here it is each of those bytes minus 128 (byte ^ 0x80).
#endif
#define THAW_TRAINS 0  // 1 in a firmware that learns
#define THAW_INPUT_HEIGHT PLAN_HEIGHT
#define THAW_INPUT_WIDTH PLAN_WIDTH
#define THAW_INPUT_CHANNELS PLAN_CHANNELS
#define THAW_INPUT_BYTES PLAN_INPUT_BYTES
#define THAW_INPUT_ROWS PLAN_INPUT_ROWS
#define THAW_INPUT_ROW_BYTES PLAN_INPUT_ROW_BYTES
#define THAW_INPUT_BY_ROWS PLAN_BY_ROWS  // 1: an image never lies in the arena whole
#define THAW_INPUT_ZERO_POINT (PLAN_INPUT_ZERO_POINT)
#define THAW_INPUT_SCALE PLAN_INPUT_SCALE

// The output is int8: real value = (value - zero point) * scale.
#define THAW_OUTPUT_BYTES PLAN_OUTPUT_BYTES
#define THAW_OUTPUT_ZERO_POINT (PLAN_OUTPUT_ZERO_POINT)
#define THAW_OUTPUT_SCALE PLAN_OUTPUT_SCALE

// Sizes in bytes. RAM in all = arena + persistent + stack; the stack is what the board file reserves.
#define THAW_ARENA_BYTES PLAN_ARENA_BYTES
#define THAW_PERSISTENT_BYTES PLAN_PERSISTENT_BYTES
#define THAW_STACK_BYTES PLAN_STACK_BYTES
#define THAW_RAM_BYTES PLAN_RAM_BYTES
#define THAW_CONSTANT_BYTES PLAN_CONSTANT_BYTES
#define THAW_CODE_BYTES_ESTIMATED PLAN_CODE_BYTES
#define THAW_VARIABLE_BYTES PLAN_VARIABLE_BYTES  // of the arena: state variables of the model

// Where the arena lies. THAW_ARENA_PLACE: an attribute for it, defined when thaw_model.c is compiled, for
// example -D'THAW_ARENA_PLACE=__attribute__((section(".dtcm")))'. THAW_ARENA_OF_CALLER: the application
// defines uint8_t thaw_arena[THAW_ARENA_BYTES], aligned to THAW_ARENA_ALIGNMENT.
#define THAW_ARENA_ALIGNMENT PLAN_ARENA_ALIGNMENT

// THAW_STEP_HOOK: the name of a function void f(int32_t step) of the application that thaw_model.c calls
// after every kernel of an inference, to feed a watchdog or let others run. It may call
// nothing of this model.

/// The number of the output's largest value, the first of equal ones: the class where the model tells classes
/// apart. A negative thaw_status where `input` is NULL.
int32_t thaw_infer(const int8_t* input);

#if PLAN_HAS_VARIABLES
/// What the model keeps from one call to the next (its state variables) is as before the first call: to be
/// called where a new sequence begins. The arena holds it between calls. With rows it must come before
/// thaw_begin.
void thaw_reset_state(void);

#endif
/// The output of the last inference, THAW_OUTPUT_BYTES values; readable until the next call.
const int8_t* thaw_output(void);

/// The same row by row, as a camera or a decoder gives them: thaw_begin, then all THAW_INPUT_ROWS rows in any
/// portions, then thaw_finish, which answers as thaw_infer does. THAW_NOT_READY where no image has begun or
/// rows are missing. Another image ends the image that was begun.
thaw_status thaw_begin(void);
thaw_status thaw_rows(const int8_t* rows, int32_t count);
int32_t thaw_finish(void);

/// Where the next row may be written in place, to save a copy: then pass the same pointer to
/// thaw_rows(row, 1). NULL where none is awaited, or where the model reads nothing of that row.
int8_t* thaw_input_row(void);

#if PLAN_BY_ROWS
#else
/// Where the next image may be written in place (THAW_INPUT_BYTES), to save a copy: pass the same pointer to
/// thaw_infer. Its bytes last until that runs.
int8_t* thaw_input(void);

#endif

#ifdef __cplusplus
}
#endif
