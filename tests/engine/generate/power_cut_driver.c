// A device that trains and saves after every step, killed 1,000 times at random bytes of its flash; compiled
// and run by api_slow_test.cpp. Flash is memory shared between processes; each life loads, holds what it got
// against what was saved, goes on, and dies by SIGKILL. Ends with 0, or says what was wrong.
#define _DEFAULT_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thaw_model.h>
#include <unistd.h>

enum { LIVES = 1000 };

typedef struct saved {
  uint32_t step, crc;
} saved;

// Survives the processes.
typedef struct world {
  uint8_t flash[2][THAW_STATE_BYTES];
  saved complete, begun;  // the last save that returned, and the last that was begun
  uint32_t found_complete, found_begun, found_none;  // what the lives have loaded
  uint32_t wrong;
} world;

static world* w;
static uint32_t bytes_to_live;

static void live_a_byte(void) {
  if (bytes_to_live-- == 0) raise(SIGKILL);
}

static bool erase(void* context, int32_t slot) {
  (void)context;
  for (uint32_t i = 0; i < THAW_STATE_BYTES; ++i) {
    live_a_byte();
    w->flash[slot][i] = 0xFF;
  }
  return true;
}

static bool write_slot(void* context, int32_t slot, uint32_t offset, const void* bytes, uint32_t count) {
  (void)context;
  if (offset + count > THAW_STATE_BYTES) return false;
  for (uint32_t i = 0; i < count; ++i) {
    live_a_byte();
    w->flash[slot][offset + i] &= ((const uint8_t*)bytes)[i];
  }
  return true;
}

static bool read_slot(void* context, int32_t slot, uint32_t offset, void* bytes, uint32_t count) {
  (void)context;
  if (offset + count > THAW_STATE_BYTES) return false;
  memcpy(bytes, w->flash[slot] + offset, count);
  return true;
}

static void complain(const char* what) {
  fprintf(stderr, "%s: loaded step %u\n", what, thaw_step_number());
  w->wrong = 1;
  exit(1);
}

static void one_life(void) {
  const thaw_slots slots = {NULL, erase, write_slot, read_slot, 0, NULL};
  const thaw_status status = thaw_load_state(&slots);
  if (status == THAW_NO_STATE) {
    if (w->complete.step != 0) complain("a complete state is lost");
    ++w->found_none;
    thaw_init(1);
  } else if (status != THAW_OK) {
    complain("a load failed");
  } else {
    const saved loaded = {thaw_step_number(), thaw_state_crc()};
    if (loaded.step == w->complete.step && loaded.crc == w->complete.crc)
      ++w->found_complete;
    else if (loaded.step == w->begun.step && loaded.crc == w->begun.crc)
      ++w->found_begun;  // every byte was written, but the save did not return
    else
      complain("a state that was never saved");
    w->complete = loaded;
  }
  for (;;) {
    int8_t* image = thaw_input();
    const uint32_t step = thaw_step_number();
    for (uint32_t i = 0; i < THAW_INPUT_BYTES; ++i) image[i] = (int8_t)((step * 31 + i * 17) % 251 - 125);
    if (thaw_train_step(image, (int32_t)(step % THAW_CLASSES)) != THAW_OK) complain("a step failed");
    w->begun = (saved){thaw_step_number(), thaw_state_crc()};
    if (thaw_save_state(&slots) != THAW_OK) complain("a save failed");
    w->complete = w->begun;
  }
}

int main(void) {
  w = mmap(NULL, sizeof *w, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (w == MAP_FAILED) return 1;
  memset(w->flash, 0xFF, sizeof w->flash);
  uint32_t random = 12345;
  for (int32_t life = 0; life < LIVES; ++life) {
    random = random * 1664525u + 1013904223u;
    bytes_to_live = (random >> 8) % (5 * THAW_STATE_BYTES);  // two and a half saves
    const pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) one_life();
    int status;
    if (waitpid(child, &status, 0) != child) return 1;
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) return 1;
  }
  printf(
      "%u lives began with the last complete state, %u with one whose save was cut after its last byte, %u "
      "with "
      "none; step %u\n",
      w->found_complete, w->found_begun, w->found_none, w->complete.step);
  // Both slots damaged: refused.
  for (int32_t slot = 0; slot < 2; ++slot) w->flash[slot][THAW_STATE_BYTES / 2] ^= 0x10;
  const thaw_slots slots = {NULL, erase, write_slot, read_slot, 0, NULL};
  if (thaw_load_state(&slots) != THAW_NO_STATE) return 1;
  if (thaw_infer(thaw_input()) != THAW_NOT_READY) return 1;
  return w->wrong != 0 || w->found_complete < LIVES / 2 || w->complete.step < LIVES / 2;
}
