// A state variable is read where it lies, and made where it lies, where nobody can tell.
#pragma once

#include "sim/plan/plan.h"

namespace thaw {

/// The copy out of a variable goes where every step that touches the copy comes before the variable is
/// replaced; the copy into it, where the step that makes the next value comes behind all that read the
/// variable. Both tensors are then the variable itself.
Plan variables_in_place(const Plan& plan);

}  // namespace thaw
