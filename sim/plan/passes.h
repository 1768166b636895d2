// Plan passes: each takes a Plan and returns one that computes the same bits with less memory or work, and
// leaves a PassNote that says what it saved.
#pragma once

#include "sim/plan/plan.h"

namespace thaw {

/// The output of an add takes the place of an input that nobody reads afterwards.
Plan add_in_place(const Plan& plan);

/// A depthwise convolution that keeps the image's shape writes over an input that nobody reads afterwards;
/// the kernels allow it, they gather the rows of a channel before they write it.
Plan depthwise_in_place(const Plan& plan);

/// A gradient tensor made element by element from a stored one takes its place when that one dies there.
Plan gradient_in_place(const Plan& plan);

/// Takes out the buffers that no step touches; ids are then without gaps.
Plan drop_unused_buffers(Plan plan);

/// All passes in their fixed order: stream rows, add in place, depthwise in place, gradient in place, drop
/// unused buffers.
Plan run_passes(Plan plan);

}  // namespace thaw
