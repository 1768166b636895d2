// Checks a Layout against its Plan, sharing no code with the planner: plain loops over all pairs and all
// steps, slow and obvious on purpose.
#pragma once

#include <string>
#include <vector>

#include "memmodel/layout.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Everything that is wrong, a sentence each, in order of buffer and step; empty for a sound layout. Checked:
/// - each arena buffer has an offset, aligned, inside [0, peak]; state and constants have none
/// - buffers that are alive at the same step share no byte
/// - a step touches only arena buffers that are alive at it
/// - the peak is the end of the highest buffer, no more
/// - the lower bound and its step are what a count at every step gives, and the peak is not below it
std::vector<std::string> layout_violations(const Plan& plan, const Layout& layout);

}  // namespace thaw
