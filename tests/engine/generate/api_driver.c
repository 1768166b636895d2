// Uses and misuses the API of a generated model; compiled and run by api_slow_test.cpp. Ends with 0, or
// prints the first line that did not hold.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <thaw_model.h>

static int8_t image[THAW_INPUT_BYTES], latent[THAW_LATENT_BYTES];
static uint8_t record[THAW_STATE_BYTES], other[THAW_STATE_BYTES];

#define CHECK(condition)                                           \
  do {                                                             \
    if (!(condition)) {                                            \
      printf("line %d: %s does not hold\n", __LINE__, #condition); \
      return 1;                                                    \
    }                                                              \
  } while (0)

static void draw(uint32_t number) {
  for (uint32_t i = 0; i < THAW_INPUT_BYTES; ++i) {
    number = number * 1664525u + 1013904223u;
    image[i] = (int8_t)((int32_t)(number >> 24) - 128);
  }
}

// The hook that thaw_model.c was compiled with: steps come in order, from 0 again in the next run.
static int32_t last_step = -1, hooks, out_of_order;
void count_step(int32_t step);
void count_step(int32_t step) {
  if (step <= last_step && step != 0) ++out_of_order;
  last_step = step;
  ++hooks;
}

static int32_t train(uint32_t first, uint32_t count) {
  for (uint32_t i = first; i < first + count; ++i) {
    draw(i);
    const thaw_status status = thaw_train_step(image, (int32_t)(i % THAW_CLASSES));
    if (status != THAW_OK) return status;
  }
  return THAW_OK;
}

static bool write_nothing(void* context, uint32_t offset, const void* bytes, uint32_t count) {
  (void)context, (void)offset, (void)bytes, (void)count;
  return false;
}

static bool erase(void* context, int32_t slot) {
  (void)context, (void)slot;
  return false;
}

static bool write_slot(void* context, int32_t slot, uint32_t offset, const void* bytes, uint32_t count) {
  (void)context, (void)slot, (void)offset, (void)bytes, (void)count;
  return false;
}

static bool read_slot(void* context, int32_t slot, uint32_t offset, void* bytes, uint32_t count) {
  (void)context, (void)slot, (void)offset;
  memset(bytes, 0xFF, count);
  return true;
}

static int before_init(void) {
  const thaw_slots slots = {NULL, erase, write_slot, read_slot, 0, NULL};
  CHECK(thaw_infer(image) == THAW_NOT_READY);
  CHECK(thaw_train_step(image, 0) == THAW_NOT_READY);
  CHECK(thaw_store_latent(image, latent) == THAW_NOT_READY);
  CHECK(thaw_train_latent(latent, 0) == THAW_NOT_READY);
  CHECK(thaw_begin() == THAW_NOT_READY);
  CHECK(thaw_input_row() == NULL);
  CHECK(thaw_rows(image, 1) == THAW_NOT_READY);
  CHECK(thaw_finish() == THAW_NOT_READY);
  CHECK(thaw_set_learning_rate(16384, 0) == THAW_NOT_READY);
  CHECK(thaw_set_schedule(0, 10) == THAW_NOT_READY);
  CHECK(thaw_set_schedule_end(THAW_END_RESTART) == THAW_NOT_READY);
  CHECK(thaw_get_state(record, sizeof record) == THAW_NOT_READY);
  CHECK(thaw_save_state(&slots) == THAW_NOT_READY);
  CHECK(thaw_load_state(&slots) == THAW_NO_STATE);
  CHECK(thaw_infer(image) == THAW_NOT_READY);
  return 0;
}

static int bad_arguments(void) {
  const uint32_t crc = thaw_state_crc();
  CHECK(thaw_infer(NULL) == THAW_BAD_ARGUMENT);
  CHECK(thaw_train_step(NULL, 0) == THAW_BAD_ARGUMENT);
  CHECK(thaw_train_step(image, -1) == THAW_BAD_ARGUMENT);
  CHECK(thaw_train_step(image, THAW_CLASSES) == THAW_BAD_ARGUMENT);
  CHECK(thaw_store_latent(NULL, latent) == THAW_BAD_ARGUMENT);
  CHECK(thaw_store_latent(image, NULL) == THAW_BAD_ARGUMENT);
  CHECK(thaw_finish_latent(NULL) == THAW_BAD_ARGUMENT);
  CHECK(thaw_finish_latent(latent) == THAW_NOT_READY);
  CHECK(thaw_train_latent(NULL, 0) == THAW_BAD_ARGUMENT);
  CHECK(thaw_train_latent(latent, -1) == THAW_BAD_ARGUMENT);
  CHECK(thaw_train_latent(latent, THAW_CLASSES) == THAW_BAD_ARGUMENT);
  CHECK(thaw_set_learning_rate(1, 0) == THAW_BAD_ARGUMENT);
  CHECK(thaw_set_learning_rate(16383, 0) == THAW_BAD_ARGUMENT);
  CHECK(thaw_set_learning_rate(32768, 0) == THAW_BAD_ARGUMENT);
  CHECK(thaw_set_learning_rate(-16384, 0) == THAW_BAD_ARGUMENT);
  CHECK(thaw_set_learning_rate(16384, -65) == THAW_BAD_ARGUMENT);
  CHECK(thaw_set_learning_rate(16384, 16) == THAW_BAD_ARGUMENT);
  CHECK(thaw_set_schedule(0, 0) == THAW_BAD_ARGUMENT);
  CHECK(thaw_set_schedule_end((thaw_schedule_end)3) == THAW_BAD_ARGUMENT);
  CHECK(thaw_get_state(NULL, sizeof record) == THAW_BAD_ARGUMENT);
  CHECK(thaw_set_state(NULL, sizeof record) == THAW_BAD_ARGUMENT);
  CHECK(thaw_get_state(record, sizeof record - 1) == THAW_WRONG_SIZE);
  CHECK(thaw_set_state(record, sizeof record + 1) == THAW_WRONG_SIZE);
  CHECK(thaw_write_state(NULL, NULL) == THAW_BAD_ARGUMENT);
  CHECK(thaw_read_state(NULL, NULL) == THAW_BAD_ARGUMENT);
  CHECK(thaw_write_state(write_nothing, NULL) == THAW_STORAGE_FAILED);
  CHECK(thaw_save_state(NULL) == THAW_BAD_ARGUMENT);
  CHECK(thaw_load_state(NULL) == THAW_BAD_ARGUMENT);
  CHECK(thaw_step_number() == 0);
  CHECK(thaw_state_crc() == crc);
  return 0;
}

static int inference_changes_nothing(void) {
  const uint32_t crc = thaw_state_crc();
  draw(77);
  const int32_t class = thaw_infer(image);
  CHECK(class >= 0 && class < THAW_CLASSES);
  for (int32_t c = 0; c < THAW_CLASSES; ++c) CHECK(thaw_logits()[c] <= thaw_logits()[class]);
  const int32_t confidence = thaw_confidence();
  double sum = 0;
  for (int32_t c = 0; c < THAW_CLASSES; ++c)
    sum += exp((thaw_logits()[c] - thaw_logits()[class]) * THAW_LOGITS_SCALE);
  CHECK(fabs(confidence / 65536.0 - 1 / sum) < 0.001);
  CHECK(confidence > 65536 / THAW_CLASSES && confidence <= 65536);
  CHECK(hooks > 0 && out_of_order == 0);
#if !THAW_INPUT_BY_ROWS
  const int32_t before = hooks;
  memcpy(thaw_input(), image, sizeof image);
  CHECK(thaw_infer(thaw_input()) == class);
  CHECK(hooks == 2 * before);
#endif
  CHECK(thaw_state_crc() == crc);
  CHECK(thaw_step_number() == 0);
  return 0;
}

// Rows in any portions are the image; one that is not complete cannot end, and another call ends it.
static int rows_are_an_image(void) {
  draw(78);
  const int32_t class = thaw_infer(image);
  CHECK(thaw_rows(image, 1) == THAW_NOT_READY);
  CHECK(thaw_begin() == THAW_OK);
  CHECK(thaw_rows(NULL, 1) == THAW_BAD_ARGUMENT);
  CHECK(thaw_rows(image, -1) == THAW_BAD_ARGUMENT);
  CHECK(thaw_rows(image, THAW_INPUT_ROWS + 1) == THAW_BAD_ARGUMENT);
  CHECK(thaw_finish() == THAW_NOT_READY);
  CHECK(thaw_rows(image, 2) == THAW_OK);
  CHECK(thaw_rows(image + 2 * THAW_INPUT_ROW_BYTES, THAW_INPUT_ROWS - 1) == THAW_BAD_ARGUMENT);
  CHECK(thaw_finish_step(0) == THAW_NOT_READY);
  CHECK(thaw_rows(image + 2 * THAW_INPUT_ROW_BYTES, THAW_INPUT_ROWS - 2) == THAW_OK);
  CHECK(thaw_input_row() == NULL);
  CHECK(thaw_finish_step(THAW_CLASSES) == THAW_BAD_ARGUMENT);
  CHECK(thaw_finish() == class);
  CHECK(thaw_finish() == THAW_NOT_READY);
  CHECK(thaw_begin() == THAW_OK);
  for (int32_t row = 0; row < THAW_INPUT_ROWS; ++row) {
    int8_t* place = thaw_input_row();
    if (place) memcpy(place, image + row * THAW_INPUT_ROW_BYTES, THAW_INPUT_ROW_BYTES);
    CHECK(thaw_rows(place ? place : image, 1) == THAW_OK);
  }
  CHECK(thaw_finish() == class);
  CHECK(thaw_begin() == THAW_OK);
  CHECK(thaw_rows(image, THAW_INPUT_ROWS) == THAW_OK);
  thaw_init(1);
  CHECK(thaw_finish() == THAW_NOT_READY);
  return 0;
}

// A state that is put back goes on with the same bits.
static int states_go_back(void) {
  CHECK(thaw_set_schedule(0, 20) == THAW_OK);
  CHECK(train(0, 5) == THAW_OK);
  CHECK(thaw_get_state(record, sizeof record) == THAW_OK);
  const uint32_t then = thaw_state_crc();
  CHECK(train(5, 5) == THAW_OK);
  const uint32_t later = thaw_state_crc();
  const int64_t loss = thaw_last_loss();
  CHECK(later != then);
  CHECK(thaw_step_number() == 10);
  thaw_init(99);
  CHECK(thaw_step_number() == 0);
  CHECK(thaw_set_state(record, sizeof record) == THAW_OK);
  CHECK(thaw_step_number() == 5);
  CHECK(thaw_state_crc() == then);
  CHECK(thaw_set_schedule(0, 20) == THAW_OK);
  CHECK(train(5, 5) == THAW_OK);
  CHECK(thaw_state_crc() == later);
  CHECK(thaw_last_loss() == loss);
  CHECK(thaw_get_state(other, sizeof other) == THAW_OK);
  return 0;
}

static int damaged_records_are_refused(void) {
  const uint32_t crc = thaw_state_crc();
  const struct {
    uint32_t byte;
    thaw_status status;
  } cases[] = {{0, THAW_WRONG_VERSION},
               {4, THAW_WRONG_VERSION},
               {9, THAW_WRONG_MODEL},
               {24, THAW_WRONG_SIZE},
               {20, THAW_CORRUPT},
               {THAW_RECORD_HEADER_BYTES + 3, THAW_CORRUPT},
               {THAW_STATE_BYTES - 1, THAW_CORRUPT}};
  for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    record[cases[i].byte] ^= 1;
    CHECK(thaw_set_state(record, sizeof record) == cases[i].status);
    record[cases[i].byte] ^= 1;
    CHECK(thaw_state_crc() == crc);
    CHECK(thaw_step_number() == 10);
  }
  CHECK(thaw_infer(image) >= 0);
  return 0;
}

// The same seed and samples give the same state; another seed another one; the rate matters; a schedule may
// begin in the future.
static int runs_repeat(void) {
  uint32_t crc[3];
  const uint32_t seeds[3] = {1, 1, 2};
  for (int32_t i = 0; i < 3; ++i) {
    thaw_init(seeds[i]);
    CHECK(thaw_set_learning_rate(32767, -4) == THAW_OK);
    CHECK(train(0, 10) == THAW_OK);
    crc[i] = thaw_state_crc();
  }
  CHECK(crc[0] == crc[1]);
  CHECK(crc[0] != crc[2]);
  thaw_init(1);
  CHECK(thaw_set_learning_rate(16384, -4) == THAW_OK);
  CHECK(train(0, 10) == THAW_OK);
  CHECK(thaw_state_crc() != crc[0]);
  CHECK(thaw_set_schedule(2, 1) == THAW_OK);
  CHECK(train(10, 3) == THAW_OK);
  CHECK(thaw_set_schedule(UINT32_MAX, 5) ==
        THAW_OK);  // begins in the future, as numbers wrap: its steps are over
  CHECK(train(13, 3) == THAW_OK);
  return 0;
}

// Crc after `count` steps of a schedule of five and what follows it.
static uint32_t after_schedule(thaw_schedule_end end, uint32_t count) {
  thaw_init(1);
  thaw_set_learning_rate(32767, -4);
  thaw_set_schedule(0, 5);
  thaw_set_schedule_end(end);
  return train(0, count) == THAW_OK ? thaw_state_crc() : 0;
}

// A chosen end shows from the step after the schedule's last on, and is what it says.
static int schedules_end_as_chosen(void) {
  CHECK(after_schedule(THAW_END_RESTART, 5) == after_schedule(THAW_END_LAST_RATE, 5));
  CHECK(after_schedule(THAW_END_RESTART, 8) != after_schedule(THAW_END_LAST_RATE, 8));
  const uint32_t restarted = after_schedule(THAW_END_RESTART, 10);
  CHECK(after_schedule(THAW_END_LAST_RATE, 5) != 0);
  CHECK(thaw_set_schedule(5, 5) == THAW_OK);
  CHECK(train(5, 5) == THAW_OK);
  CHECK(thaw_state_crc() == restarted);
  const uint32_t constant = after_schedule(THAW_END_SET_RATE, 10);
  CHECK(after_schedule(THAW_END_LAST_RATE, 5) != 0);
  CHECK(thaw_set_learning_rate(32767, -4) == THAW_OK);
  CHECK(train(5, 5) == THAW_OK);
  CHECK(thaw_state_crc() == constant);
  CHECK(constant != restarted);
  return 0;
}

int main(void) {
  if (before_init()) return 1;
  thaw_init(1);
  if (bad_arguments() || inference_changes_nothing() || rows_are_an_image() || states_go_back() ||
      damaged_records_are_refused())
    return 1;
  if (schedules_end_as_chosen()) return 1;
  return runs_repeat();
}
