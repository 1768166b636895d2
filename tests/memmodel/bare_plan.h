// Plans made of bare buffers, for tests of the planner and the validator.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "memmodel/interval.h"
#include "memmodel/layout.h"
#include "sim/plan/plan.h"

namespace thaw::testing {

/// One activation buffer an interval, no steps.
inline Plan plan_of(const std::vector<Interval>& intervals) {
  Plan plan;
  for (const Interval& interval : intervals) {
    Buffer buffer;
    buffer.id = BufferId(plan.buffers.size());
    buffer.name = "b";
    buffer.name += std::to_string(plan.buffers.size());
    buffer.bytes = interval.bytes;
    buffer.alignment = interval.alignment;
    buffer.first_step = interval.first;
    buffer.last_step = interval.last;
    plan.buffers.push_back(buffer);
  }
  return plan;
}

struct RandomShape {
  int32_t count = 6;
  int32_t steps = 8;
  int64_t largest = 8;  // bytes
  int32_t longest = 4;  // steps of a lifetime
  std::vector<int32_t> alignments = {1};
};

/// Random intervals; std::mt19937 gives the same numbers everywhere, its raw output is used for that reason.
inline std::vector<Interval> random_intervals(uint32_t seed, const RandomShape& shape) {
  std::mt19937 random(seed);
  const auto below = [&](int64_t count) { return static_cast<int64_t>(random()) % count; };
  std::vector<Interval> intervals;
  for (int32_t i = 0; i < shape.count; ++i) {
    Interval interval;
    interval.bytes = 1 + below(shape.largest);
    interval.alignment =
        shape.alignments[static_cast<size_t>(below(static_cast<int64_t>(shape.alignments.size())))];
    interval.first = static_cast<int32_t>(below(shape.steps));
    interval.last = interval.first + static_cast<int32_t>(below(shape.longest));
    intervals.push_back(interval);
  }
  return intervals;
}

}  // namespace thaw::testing
