// The parts of thaw_gradient_tensor that its portable version and the one for DSP instructions share.
#pragma once

#include <stdint.h>

#include "engine/kernels/gradient.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The pass over `target`, its exponents set from the tensor's state (thaw_gradient_begin).
thaw_gradient_pass thaw_gradient_pass_of(const thaw_gradient_target* target,
                                         const thaw_gradient_source* sources, int32_t source_count,
                                         int32_t offset, thaw_gradient_state state);

/// Fills the target position by position, for sources of any kind. scratch: int32 [source_count][channels].
/// Returns the OR that thaw_gradient_finish takes.
uint32_t thaw_gradient_by_rows(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                               const thaw_gradient_pass* pass, int32_t* scratch);

#ifdef __cplusplus
}
#endif
