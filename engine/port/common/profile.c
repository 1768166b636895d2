// See profile.h.
#include "engine/port/common/profile.h"

#include "engine/port/common/port.h"

#ifndef THAW_PROFILE
#define THAW_PROFILE 1
#endif

typedef struct step_profile {
  uint64_t ticks, runs;
} step_profile;

static step_profile profile[THAW_PROFILE];
static uint64_t last;

void thaw_profile_start(void) {
  last = thaw_port_ticks();
}

void thaw_step_done(int32_t step) {
  const uint64_t now = thaw_port_ticks();
  profile[step].ticks += now - last;
  ++profile[step].runs;
  last = thaw_port_ticks();
}

bool thaw_profile_write(void) {
  const int32_t file = thaw_port_open("profile.bin", true);
  if (file < 0 || !thaw_port_write(file, profile, sizeof profile)) return false;
  thaw_port_close(file);
  return true;
}
