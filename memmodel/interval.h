// The planner's problem without a Plan around it: blocks of bytes that are alive over a range of steps.
// Tests are tables of these, in the manner of Vela's live ranges.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/round_up.h"

namespace thaw {

/// One block of the arena. `first` and `last` are step numbers, both inclusive: blocks that share a step must
/// not share a byte. `alignment` is that of the start address, a power of two.
struct Interval {
  int64_t bytes = 0;
  int32_t alignment = 4;
  int32_t first = 0;
  int32_t last = 0;
};

/// Bytes that a block takes in the arena: its size rounded up to its alignment. With every size a multiple of
/// its power-of-two alignment, the blocks of one step can always be packed without holes, so the sum of these
/// sizes is a bound that a placement of that step alone would reach.
constexpr int64_t reserved_bytes(const Interval& interval) {
  return round_up(interval.bytes, interval.alignment);
}

/// True where two lifetimes share a step; two equal lifetimes do.
constexpr bool alive_together(const Interval& a, const Interval& b) {
  return a.first <= b.last && b.first <= a.last;
}

/// The most reserved bytes alive at one step, and the first such step. No placement can need less.
struct LiveBytes {
  int64_t bytes = 0;
  int32_t step = 0;

  bool operator==(const LiveBytes&) const = default;
};

/// Lower bound of any placement; {0, 0} for no intervals.
LiveBytes most_live_bytes(const std::vector<Interval>& intervals);

/// An offset for each interval, and the end of the highest one.
struct Placement {
  std::vector<int64_t> offsets;
  int64_t peak = 0;

  bool operator==(const Placement&) const = default;
};

}  // namespace thaw
