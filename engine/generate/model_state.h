// The RAM of a generated model: the structure of what lasts between steps, the trained values as a state
// record sees them, and how all of them start.
#pragma once

#include "engine/generate/c_template.h"
#include "engine/generate/kernel_call.h"

namespace thaw {

/// The model's state variables in the arena and their first values, as Executor::reset_variables sets them.
void add_variables(const Plan& plan, CallContext& context, TemplateValues& values);

/// How every trained value starts, as Executor::initialise sets it. Tells the context the types of the
/// constants that they start from.
void add_start_values(const Plan& plan, CallContext& context, TemplateValues& values);

/// Members of the structure `state` with assertions that they are where the memory model says, and the pieces
/// of a state record (engine/runtime/state_record.h) in its order. The types of all state buffers must be
/// known to the context: the steps and `add_start_values` come before.
void add_state_values(const Plan& plan, const CallContext& context, TemplateValues& values);

}  // namespace thaw
