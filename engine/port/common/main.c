// The test program: trains on the samples of a file and writes what every step gave, so that a firmware can
// be held against the simulator bit for bit. It keeps nothing but a few words on the stack; images, or their
// rows one after another, are read straight into the model's arena. Little endian:
//   samples.bin  "THAWSMP1", count, input bytes, seed, steps of the learning rate's schedule (0: each
//                sample's own rate); then count times: mode (0 infer, 1 train; 2 more: the state variables
//                begin anew before it), label, rate mantissa, rate exponent, target where the model takes
//                one, image
//   results.bin  "THAWRES1", ticks a second, bytes of the state record; then count times: status, prediction,
//                loss (8 bytes), CRC-32 of the trained values, step number, ticks (8 bytes); then the state
//                record and the most bytes of stack used. Of a firmware for inference alone: the CRC-32 of
//                the output, and no record
#include <stddef.h>
#include <thaw_model.h>

#include "engine/port/common/port.h"
#include "engine/port/common/profile.h"
#if !THAW_TRAINS
#include "engine/port/common/inference_only.h"
#endif

// Compiled with -DTHAW_FROM_LATENT, it trains from latents and counts no tick before them.
#if defined(THAW_FROM_LATENT) && THAW_TRAINS
static int8_t latent[THAW_LATENT_BYTES];
#endif

enum { EXIT_DONE = 0, EXIT_BAD_FILE = 2 };
enum { TRAINS = 1, BEGINS_ANEW = 2 };  // bits of a sample's mode

typedef struct samples_header {
  char magic[8];
  uint32_t count, input_bytes, seed, schedule_steps;
} samples_header;

typedef struct sample {
  uint32_t mode;
  int32_t label, rate_mantissa, rate_exponent;
} sample;

typedef struct results_header {
  char magic[8];
  uint32_t ticks_per_second, state_bytes;
} results_header;

typedef struct result {
  int32_t status, prediction;
  int64_t loss;
  uint32_t values_crc, step;
  uint64_t ticks;
} result;

static int fail(const char* message) {
  thaw_port_print(message);
  return EXIT_BAD_FILE;
}

static bool equal(const char* a, const char* b, int32_t count) {
  for (int32_t i = 0; i < count; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

static bool write_state(void* context, uint32_t offset, const void* bytes, uint32_t count) {
  (void)offset;
  return thaw_port_write(*(const int32_t*)context, bytes, count);
}

#if THAW_INPUT_BY_ROWS
// Gives the model the rows of an image; a row that it does not read is skipped. `ticks` grows by the model's.
static bool give_image(int32_t in, uint64_t* ticks) {
  thaw_begin();
  for (int32_t row = 0; row < THAW_INPUT_ROWS; ++row) {
    int8_t unread = 0;
    int8_t* place = thaw_input_row();
    if (place && !thaw_port_read(in, place, THAW_INPUT_ROW_BYTES)) return false;
    for (uint32_t i = 0; !place && i < THAW_INPUT_ROW_BYTES; ++i)
      if (!thaw_port_read(in, &unread, 1)) return false;
#ifdef THAW_PROFILE
    thaw_profile_start();
#endif
    const uint64_t start = thaw_port_ticks();
    thaw_rows(place ? place : &unread, 1);
    *ticks += thaw_port_ticks() - start;
  }
  return true;
}

static int32_t infer(void) {
  return thaw_finish();
}
#else
static bool give_image(int32_t in, uint64_t* ticks) {
  (void)ticks;
  return thaw_port_read(in, thaw_input(), THAW_INPUT_BYTES);
}

static int32_t infer(void) {
  return thaw_infer(thaw_input());
}
#endif

#if THAW_CLASSES
typedef int32_t truth;
#else
typedef const int8_t* truth;  // NULL where the input is its own target
#endif

// What comes before a training step, and the step.
#if defined(THAW_FROM_LATENT) && THAW_TRAINS
static thaw_status begin_training(uint64_t* ticks) {
  *ticks = 0;
#if THAW_INPUT_BY_ROWS
  return thaw_finish_latent(latent);
#else
  return thaw_store_latent(thaw_input(), latent);
#endif
}

static thaw_status train(truth of) {
  return thaw_train_latent(latent, of);
}
#else
static thaw_status begin_training(uint64_t* ticks) {
  (void)ticks;
  return THAW_OK;
}

static thaw_status train(truth of) {
#if THAW_INPUT_BY_ROWS
  return thaw_finish_step(of);
#else
  return thaw_train_step(thaw_input(), of);
#endif
}
#endif

// Runs one sample, whose image was given to the model in so many ticks.
static result run(const sample* s, truth of, bool own_rate, uint64_t ticks) {
  result r = {THAW_OK, 0, 0, 0, 0, 0};
  if ((s->mode & TRAINS) != 0) r.status = begin_training(&ticks);
  if (own_rate && r.status == THAW_OK) r.status = thaw_set_learning_rate(s->rate_mantissa, s->rate_exponent);
#ifdef THAW_PROFILE
  thaw_profile_start();
#endif
  const uint64_t start = thaw_port_ticks();
  if ((s->mode & TRAINS) == 0) {
    r.prediction = infer();
    r.ticks = ticks + thaw_port_ticks() - start;
#if THAW_TRAINS && THAW_OUTPUT_BYTES
    r.prediction = thaw_output()[0];
#endif
#if THAW_RECONSTRUCTS
    r.loss = thaw_last_loss();
#endif
  } else {
    const thaw_status status = train(of);
    r.ticks = ticks + thaw_port_ticks() - start;
    if (r.status == THAW_OK) r.status = status;
    r.prediction = thaw_last_prediction();
    r.loss = thaw_last_loss();
  }
  r.values_crc = thaw_state_crc();
  r.step = thaw_step_number();
  return r;
}

int main(void) {
  const int32_t in = thaw_port_open("samples.bin", false);
  int32_t out = thaw_port_open("results.bin", true);
  if (in < 0 || out < 0) return fail("cannot open samples.bin or results.bin\n");
  samples_header header;
  if (!thaw_port_read(in, &header, sizeof header) || !equal(header.magic, "THAWSMP1", 8))
    return fail("samples.bin is no file of samples\n");
  if (header.input_bytes != THAW_INPUT_BYTES) return fail("samples.bin is for another input size\n");
  const results_header about = {
      {'T', 'H', 'A', 'W', 'R', 'E', 'S', '1'}, thaw_port_ticks_per_second(), THAW_STATE_BYTES};
  if (!thaw_port_write(out, &about, sizeof about)) return fail("cannot write results.bin\n");
  thaw_init(header.seed);
  if (header.schedule_steps != 0) thaw_set_schedule(0, header.schedule_steps);
  for (uint32_t i = 0; i < header.count; ++i) {
    sample s;
    uint64_t ticks = 0;
    if (!thaw_port_read(in, &s, sizeof s)) return fail("samples.bin ends too early\n");
#if THAW_VARIABLE_BYTES
    if (s.mode & BEGINS_ANEW) thaw_reset_state();
#endif
#if THAW_CLASSES
    const truth of = s.label;
#elif THAW_TARGET_BYTES
    int8_t of[THAW_TARGET_BYTES];
    if (!thaw_port_read(in, of, sizeof of)) return fail("samples.bin ends too early\n");
#else
    const truth of = NULL;
#endif
    if (!give_image(in, &ticks)) return fail("samples.bin ends too early\n");
    const result r = run(&s, of, header.schedule_steps == 0, ticks);
    if (!thaw_port_write(out, &r, sizeof r)) return fail("cannot write results.bin\n");
  }
  if (thaw_write_state(write_state, &out) != THAW_OK) return fail("cannot write results.bin\n");
  const uint32_t stack = thaw_port_stack_used();
  if (!thaw_port_write(out, &stack, sizeof stack)) return fail("cannot write results.bin\n");
#ifdef THAW_PROFILE
  if (!thaw_profile_write()) return fail("cannot write profile.bin\n");
#endif
  thaw_port_close(in);
  thaw_port_close(out);
  return EXIT_DONE;
}
