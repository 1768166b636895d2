// PLAN_MODEL_FILE: inference and training. PLAN_MADE_BY
//
//   thaw_init(1);                                  // or thaw_load_state(&slots)
#if PLAN_CLASSIFIES
//   int32_t class = thaw_infer(image);             // int8 image, PLAN_HEIGHT x PLAN_WIDTH x PLAN_CHANNELS
//   thaw_train_step(image, label);                 // one step of training
#else
//   thaw_infer(input);                             // int8 input, PLAN_HEIGHT x PLAN_WIDTH x PLAN_CHANNELS
//   const int8_t* output = thaw_output();
//   thaw_train_step(input, target);                // one step of training
#endif
//
// Not reentrant: one model, one caller. Nothing allocates, blocks or aborts.
#pragma once

#include <stdint.h>

#include "engine/runtime/replay.h"
#include "engine/runtime/state_record.h"
#include "engine/runtime/state_slots.h"
#include "engine/runtime/status.h"

#ifdef __cplusplus
extern "C" {
#endif

// An image is int8 in NHWC order: real value = (value - zero point) * scale.
#if PLAN_INPUT_IS_UINT8_IN_FILE
// The input in the model's file is uint8: here it is each of those bytes minus 128 (byte ^ 0x80).
#endif
#define THAW_TRAINS 1  // 0 in a firmware for inference alone
#define THAW_INPUT_HEIGHT PLAN_HEIGHT
#define THAW_INPUT_WIDTH PLAN_WIDTH
#define THAW_INPUT_CHANNELS PLAN_CHANNELS
#define THAW_INPUT_BYTES PLAN_INPUT_BYTES
#define THAW_INPUT_ROWS PLAN_INPUT_ROWS
#define THAW_INPUT_ROW_BYTES PLAN_INPUT_ROW_BYTES
#define THAW_INPUT_BY_ROWS PLAN_BY_ROWS  // 1: an image never lies in the arena whole
#define THAW_INPUT_ZERO_POINT (PLAN_INPUT_ZERO_POINT)
#define THAW_INPUT_SCALE PLAN_INPUT_SCALE
#define THAW_CLASSES PLAN_CLASSES

// Where THAW_CLASSES is 0 the model's own output is compared: how large thaw_output is and the target that
// comes with each input, if one does; 1 where the input is its own target.
#define THAW_OUTPUT_BYTES PLAN_OUTPUT_BYTES
#define THAW_TARGET_BYTES PLAN_TARGET_BYTES
#define THAW_RECONSTRUCTS PLAN_RECONSTRUCTS

// Sizes in bytes. RAM in all = arena + persistent + stack; the stack is what the board file reserves.
#define THAW_ARENA_BYTES PLAN_ARENA_BYTES
#define THAW_PERSISTENT_BYTES PLAN_PERSISTENT_BYTES
#define THAW_STACK_BYTES PLAN_STACK_BYTES
#define THAW_RAM_BYTES PLAN_RAM_BYTES
#define THAW_CONSTANT_BYTES PLAN_CONSTANT_BYTES
#define THAW_CODE_BYTES_ESTIMATED PLAN_CODE_BYTES
#define THAW_VARIABLE_BYTES PLAN_VARIABLE_BYTES  // of the arena: state variables of the model
#define THAW_STATE_BYTES PLAN_STATE_BYTES        // of a state record
#define THAW_LATENT_BYTES PLAN_LATENT_BYTES      // of a latent, in memory of the application

// Where the arena lies. THAW_ARENA_PLACE: an attribute for it, defined when thaw_model.c is compiled, for
// example -D'THAW_ARENA_PLACE=__attribute__((section(".dtcm")))'. THAW_ARENA_OF_CALLER: the application
// defines uint8_t thaw_arena[THAW_ARENA_BYTES], aligned to THAW_ARENA_ALIGNMENT.
#define THAW_ARENA_ALIGNMENT PLAN_ARENA_ALIGNMENT

// Likewise THAW_STATE_PLACE for what lasts: trained values and session. Both macros may align further, for
// example to cache lines: -D'THAW_ARENA_PLACE=__attribute__((aligned(32)))'.

// THAW_STEP_HOOK: the name of a function void f(int32_t step) of the application that thaw_model.c calls
// after every kernel of an inference or a training step, to feed a watchdog or let others run. It may call
// nothing of this model.

#if PLAN_CLASSIFIES
// A score of thaw_logits times this is a logit in nats: softmax of those gives probabilities.
#define THAW_LOGITS_SCALE PLAN_LOGITS_SCALE
#else
// Outputs and targets are int8: real value = (value - zero point) * scale.
#define THAW_OUTPUT_SCALE PLAN_OUTPUT_SCALE
#define THAW_OUTPUT_ZERO_POINT (PLAN_OUTPUT_ZERO_POINT)
#endif
#if PLAN_HAS_ANOMALY_THRESHOLD

// An input whose thaw_last_loss after thaw_infer is larger is an anomaly. Calibrated on the training samples,
// of which one in twenty lies above, for the model as the training run left it.
#define THAW_ANOMALY_THRESHOLD INT64_C(PLAN_ANOMALY_THRESHOLD)
#endif

// What a state record belongs to: this model and what is trained of it.
#define THAW_MODEL_ID PLAN_MODEL_ID

/// Sets all trained values to their start; a fresh classifier is drawn from `seed`. The learning rate is the
/// schedule file's.
void thaw_init(uint32_t seed);

#if PLAN_CLASSIFIES
/// The class of an image, 0..THAW_CLASSES - 1, or a negative thaw_status.
#else
/// THAW_OK or a negative thaw_status; the answer is thaw_output.
#endif
#if PLAN_RECONSTRUCTS
/// thaw_last_loss is then the error of reconstruction, which is large for inputs unlike those that the model
/// was trained on.
#endif
int32_t thaw_infer(const int8_t* input);

#if PLAN_HAS_VARIABLES
/// What the model keeps from one call to the next (its state variables) is as before the first call: to be
/// called where a new sequence begins. thaw_init and a load do it too; nothing trained changes. The arena
/// holds it between calls. With rows it must come before thaw_begin.
void thaw_reset_state(void);

#endif
#if PLAN_CLASSIFIES
/// One training step on an image and its class. Loss and prediction are then readable; both are those before
/// the update.
#endif
#if PLAN_REGRESSES
/// One training step on an input and what the output should be [THAW_TARGET_BYTES]. The loss is then
/// readable; it is that before the update.
#endif
#if PLAN_RECONSTRUCTS
/// One training step on an input, which is its own target: `target` is NULL. The loss is then readable; it is
/// that before the update.
#endif
thaw_status thaw_train_step(const int8_t* input, PLAN_TRUTH_PARAMETER);

/// The same row by row, as a camera or a decoder gives them: thaw_begin, then all THAW_INPUT_ROWS rows in any
/// portions, then thaw_finish, which answers as thaw_infer does, or thaw_finish_step, which is a
/// thaw_train_step. THAW_NOT_READY where no image has begun or rows are missing. Another image, thaw_init or
/// a load ends the image that was begun.
thaw_status thaw_begin(void);
thaw_status thaw_rows(const int8_t* rows, int32_t count);
int32_t thaw_finish(void);
thaw_status thaw_finish_step(PLAN_TRUTH_PARAMETER);

/// Latent replay: what stands for an image in later training steps, THAW_LATENT_BYTES in RAM or flash of the
/// application. thaw_store_latent runs the layers that are always the same and keeps what they give;
/// thaw_finish_latent ends an image that came by rows likewise. thaw_train_latent is the rest of a
/// thaw_train_step: store and train together do what thaw_train_step does, with the same state and loss, and
/// a latent may be trained again at any time. It belongs to this firmware alone. In a model with state
/// variables, those that it needs are then as they were: call thaw_reset_state before a new sequence.
#if PLAN_RECONSTRUCTS
/// The input is its own target here, so every latent holds it: training from one saves no memory.
#endif
thaw_status thaw_store_latent(const int8_t* input, int8_t* latent);
thaw_status thaw_finish_latent(int8_t* latent);
thaw_status thaw_train_latent(const int8_t* latent, PLAN_TRUTH_PARAMETER);

/// Where the next row may be written in place, to save a copy: then pass the same pointer to
/// thaw_rows(row, 1). NULL where none is awaited, or where the model reads nothing of that row.
int8_t* thaw_input_row(void);

#if PLAN_BY_ROWS
#else
/// Where the next image may be written in place (THAW_INPUT_BYTES), to save a copy: pass the same pointer to
/// thaw_infer or thaw_train_step. Its bytes last until one of them runs.
int8_t* thaw_input(void);

#endif
#if PLAN_CLASSIFIES
/// Loss of the last training step in nats times 65536, and the class predicted by it.
#else
/// Mean squared error of the last training step, times 65536: in squared steps of the output, so times
/// THAW_OUTPUT_SCALE^2 it is that of real values; and the first value of its output.
#endif
int64_t thaw_last_loss(void);
int32_t thaw_last_prediction(void);

#if PLAN_CLASSIFIES
/// The classes' scores [THAW_CLASSES] after thaw_infer, larger is likelier; readable until the next call.
const int32_t* thaw_logits(void);

/// How likely the class that thaw_infer answered is among all classes, times 65536; to be called before the
/// next thaw_infer or thaw_train_step.
int32_t thaw_confidence(void);
#else
/// The output [THAW_OUTPUT_BYTES] of the last thaw_infer; readable until the next call.
const int8_t* thaw_output(void);
#endif

/// Training steps done since thaw_init, over power cuts. Random rounding depends on it.
uint32_t thaw_step_number(void);

/// Learning rate = mantissa * 2^(exponent - 15): mantissa 0 or 16384..32767, exponent -64..15. Ends a
/// schedule.
thaw_status thaw_set_learning_rate(int32_t mantissa, int32_t exponent);

/// From now on step t has entry floor(128 (t - first_step) / steps) of the schedule file's 128 rates
/// (warm-up, then cosine), the last one afterwards. Call it again, with the same numbers, after a load.
thaw_status thaw_set_schedule(uint32_t first_step, uint32_t steps);

/// What follows the last step of a schedule: its last rate, which is next to none; the schedule again (a
/// cosine restart); or the rate of the last thaw_set_learning_rate before thaw_set_schedule, at first the
/// schedule file's. Until this is called it is the first; thaw_init and a load set that again.
typedef enum thaw_schedule_end { THAW_END_LAST_RATE, THAW_END_RESTART, THAW_END_SET_RATE } thaw_schedule_end;
thaw_status thaw_set_schedule_end(thaw_schedule_end end);

/// CRC-32 of all trained values: equal on any two machines that did the same steps.
uint32_t thaw_state_crc(void);

/// The trained state as a record of THAW_STATE_BYTES, with version, THAW_MODEL_ID and CRC-32. A record that
/// does not fit or is damaged is refused, and nothing is changed. After a load the learning rate is the
/// schedule file's again.
thaw_status thaw_get_state(void* record, uint32_t size);
thaw_status thaw_set_state(const void* record, uint32_t size);

/// The same in pieces, through callbacks (engine/runtime/state_record.h).
thaw_status thaw_write_state(thaw_write_bytes write, void* context);
thaw_status thaw_read_state(thaw_read_bytes read, void* context);

/// The same in two flash slots that survive a power cut at any byte (engine/runtime/state_slots.h): a load
/// gives the last complete save or, where that was cut off, the one before it. Only THAW_NO_STATE means that
/// there is none to lose: after THAW_STORAGE_FAILED a load may be tried again.
thaw_status thaw_save_state(const thaw_slots* slots);
thaw_status thaw_load_state(const thaw_slots* slots);

#ifdef __cplusplus
}
#endif
