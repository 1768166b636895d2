// How large a trained value may be: what no update leaves, and what every sum of the forward pass counts on.
#pragma once

#include <cstdint>

#include "sim/plan/plan.h"

namespace thaw {

/// The largest magnitude of the values of a state buffer: 127 for trained weights (int8), the bias limit of
/// docs/arithmetic.md, section 2, for trained biases (int32, always more than 127); 0 where every bit pattern
/// is a value.
int32_t state_limit(const Plan& plan, BufferId buffer);

}  // namespace thaw
