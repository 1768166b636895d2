// The stages in order, each skipped once the lower bound is reached.
#include "memmodel/planner.h"

#include <bit>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "memmodel/branch_and_bound.h"
#include "memmodel/first_fit.h"
#include "memmodel/hill_climb.h"

namespace thaw {
namespace {

// Search calls the planner for every candidate: these bound a call to some tens of milliseconds.
constexpr int64_t kClimbIterations = 4000;
constexpr int64_t kClimbComparisons = 20'000'000;
constexpr size_t kExactIntervals = 64;  // beyond this the exact search never ends within its nodes
constexpr int64_t kExactNodes = 20'000;

void check(const std::vector<Interval>& intervals) {
  for (size_t i = 0; i < intervals.size(); ++i) {
    const Interval& interval = intervals[i];
    const bool aligned =
        interval.alignment > 0 && std::has_single_bit(static_cast<uint32_t>(interval.alignment));
    if (interval.bytes < 0 || interval.last < interval.first || !aligned)
      throw std::invalid_argument("planner: interval " + std::to_string(i) + " has " +
                                  std::to_string(interval.bytes) + " bytes, alignment " +
                                  std::to_string(interval.alignment) + ", steps " +
                                  std::to_string(interval.first) + " to " + std::to_string(interval.last));
  }
}

}  // namespace

PlannedIntervals plan_intervals(const std::vector<Interval>& intervals) {
  check(intervals);
  PlannedIntervals result;
  result.lower_bound = most_live_bytes(intervals);
  const int64_t bound = result.lower_bound.bytes;

  FirstFit first_fit(intervals);
  std::vector<int32_t> best_order;
  Placement& best = result.placement;
  best.peak = std::numeric_limits<int64_t>::max();
  for (std::vector<int32_t>& order : greedy_orders(intervals)) {
    Placement candidate;
    if (!first_fit.place(order, best.peak - 1, candidate)) continue;
    best = std::move(candidate);
    best_order = std::move(order);
    if (best.peak == bound) break;
  }
  if (best.peak > bound)
    best = hill_climb(intervals, first_fit, best_order, best, {bound, kClimbIterations, kClimbComparisons});
  result.proven_optimal = best.peak == bound;
  if (!result.proven_optimal && intervals.size() <= kExactIntervals) {
    ExactResult exact = branch_and_bound(intervals, best, bound, kExactNodes);
    best = std::move(exact.placement);
    result.proven_optimal = exact.complete;
  }
  return result;
}

Layout plan_layout(const Plan& plan) {
  std::vector<Interval> intervals;
  std::vector<size_t> owners;
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    const Buffer& buffer = plan.buffers[i];
    if (!in_arena(buffer.kind)) continue;
    const int64_t bytes = buffer.first_step < 0 ? 0 : buffer.bytes;  // no step touches it: no room
    intervals.push_back({bytes, buffer.alignment, buffer.first_step, buffer.last_step});
    owners.push_back(i);
  }
  const PlannedIntervals planned = plan_intervals(intervals);
  Layout layout;
  layout.offsets.resize(plan.buffers.size());
  for (size_t i = 0; i < owners.size(); ++i) layout.offsets[owners[i]] = planned.placement.offsets[i];
  layout.peak = planned.placement.peak;
  layout.lower_bound = planned.lower_bound.bytes;
  layout.peak_step = planned.lower_bound.step;
  layout.proven_optimal = planned.proven_optimal;
  return layout;
}

}  // namespace thaw
