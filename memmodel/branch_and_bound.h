// Exact search over placements, for small problems: either a better placement or a proof that none exists.
#pragma once

#include <cstdint>
#include <vector>

#include "memmodel/interval.h"

namespace thaw {

struct ExactResult {
  Placement placement;    // the best seen, at worst the one given
  bool complete = false;  // the search ended by itself: nothing below placement.peak exists
};

/// Searches for a placement with a peak below `incumbent.peak` until the peak is `lower_bound`, nothing is
/// left to try, or `nodes` nodes were visited.
///
/// Of all optimal placements take one whose offsets have the least sum, and its blocks by (offset, id). Then
/// each lies directly on the highest block before it that is alive with it, and no later block would fit
/// wholly below it; so only such blocks are tried, as in the active schedules of Giffler and Thompson (1960).
/// A node is cut where at some step the top of what is placed plus the bytes still to come reach the best
/// peak.
ExactResult branch_and_bound(const std::vector<Interval>& intervals, const Placement& incumbent,
                             int64_t lower_bound, int64_t nodes);

}  // namespace thaw
