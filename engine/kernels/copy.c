// See copy.h.
#include "engine/kernels/copy.h"

void thaw_copy(uint8_t* to, const uint8_t* from, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; ++i) to[i] = from[i];
}
