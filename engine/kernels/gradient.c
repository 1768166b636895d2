// See gradient.h. Position by position, or in place channel by channel.
#include "engine/kernels/gradient.h"

#include "engine/kernels/gradient_pass.h"
#include "engine/kernels/gradient_planes.h"
#include "engine/kernels/gradient_rows.h"

int32_t thaw_gradient_tensor(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                             int32_t source_count, int32_t offset, thaw_gradient_state* state,
                             int32_t* scratch) {
  const thaw_gradient_pass pass = thaw_gradient_pass_of(target, sources, source_count, offset, *state);
  const uint32_t magnitudes = thaw_gradient_is_in_place(target, sources, source_count)
                                  ? thaw_gradient_by_planes(target, &sources[0], &pass, scratch)
                                  : thaw_gradient_by_rows(target, sources, &pass, scratch);
  *state = thaw_gradient_finish(*state, magnitudes, target->bits, pass.exponent - offset);
  return pass.exponent;
}
