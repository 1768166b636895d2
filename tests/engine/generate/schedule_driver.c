// Past the end of a schedule its last rate goes on: compiled and run by schedule_rate_test.cpp. Ends with 0,
// or says what did not hold.
#include <stdint.h>
#include <stdio.h>
#include <thaw_model.h>

static int8_t image[THAW_INPUT_BYTES];
static uint8_t record[THAW_STATE_BYTES];

static void train(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t number = thaw_step_number() + 1;
    for (uint32_t b = 0; b < THAW_INPUT_BYTES; ++b) {
      number = number * 1664525u + 1013904223u;
      image[b] = (int8_t)((int32_t)(number >> 24) - 128);
    }
    thaw_train_step(image, (int32_t)(thaw_step_number() % THAW_CLASSES));
  }
}

// Checksum after one step from the record, on a schedule that began `passed` steps ago and lasts `steps`.
static uint32_t after_one_step(uint32_t passed, uint32_t steps) {
  thaw_set_state(record, sizeof record);
  thaw_set_schedule(thaw_step_number() - passed, steps);
  train(1);
  return thaw_state_crc();
}

int main(void) {
  thaw_init(1);
  thaw_set_schedule(0, 8);
  train(8);
  thaw_get_state(record, sizeof record);
  const uint32_t first = after_one_step(0, 128), last = after_one_step(127, 128);  // entries 0 and 127
  if (first == last) {
    printf("the first and the last rate change the state alike: nothing is shown\n");
    return 1;
  }
  const uint32_t lengths[] = {1, 8, 127, 128};
  for (uint32_t i = 0; i < sizeof lengths / sizeof lengths[0]; ++i)
    for (uint32_t behind = 0; behind < 3; ++behind)
      if (after_one_step(lengths[i] + behind * 1000, lengths[i]) != last) {
        printf("%u steps past the end of a schedule of %u another rate than the last is used\n",
               (unsigned)(behind * 1000), (unsigned)lengths[i]);
        return 1;
      }
  return 0;
}
