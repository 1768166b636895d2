// Places the arena buffers of a Plan so that no two that are alive together share a byte.
//   1. the lower bound: the most bytes alive at one step; wherever a peak equals it, the search is over
//   2. first fit in seven greedy orders
//   3. a hill climb over orders, limited in work and the same on every run
//   4. for small problems an exact search, which also proves that no placement is lower
// The problem is NP-complete: a large plan whose peak stays above the bound is decent, not proven optimal.
#pragma once

#include <cstdint>
#include <vector>

#include "memmodel/interval.h"
#include "memmodel/layout.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Offsets of every arena buffer. Buffers start at multiples of their alignment and reserve their size
/// rounded up to it. Deterministic: equal plans give equal layouts.
Layout plan_layout(const Plan& plan);

/// What the planner finds for bare intervals.
struct PlannedIntervals {
  Placement placement;
  LiveBytes lower_bound;
  bool proven_optimal = false;
};

/// The same on bare intervals, in the order given. Throws std::invalid_argument for negative sizes, lifetimes
/// that end before they begin and alignments that are not powers of two: never made by `lower`.
PlannedIntervals plan_intervals(const std::vector<Interval>& intervals);

}  // namespace thaw
