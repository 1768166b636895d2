// plan.json: which buffer lies where in the arena at which step.
#pragma once

#include "reports/run_files.h"
#include "sim/base/json.h"

namespace thaw {

/// Throws Error where a buffer has no place or lives before step 0 or after the last.
ArenaMap read_arena_map(const JsonView& view);

}  // namespace thaw
