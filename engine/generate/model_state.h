// The RAM of a generated model as C text: the structure of what lasts between steps, the arena, the trained
// values as a state record sees them, and how all of them start.
#pragma once

#include <string>

#include "engine/generate/generate.h"
#include "engine/generate/kernel_call.h"

namespace thaw {

/// The variables `state` and `arena`, with assertions that they are where the memory model says. The types of
/// all state buffers must be known to the context: the steps and `start_values` are printed before.
std::string state_structure(const Plan& plan, const CallContext& context);

/// The variable `view`: the trained values in the order of a state record (engine/runtime/state_record.h).
std::string state_view(const Plan& plan, const CallContext& context);

/// The function begin_session: the schedule file's rate, no schedule.
std::string begin_session(const FirmwareRequest& request);

/// The function start_values: every trained value as Executor::initialise sets it. Tells the context the
/// types of the constants that they start from.
std::string start_values(const Plan& plan, CallContext& context);

}  // namespace thaw
