// First fit over a list of placed blocks that is kept sorted by offset.
#include "memmodel/first_fit.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "sim/base/round_up.h"

namespace thaw {
namespace {

/// Indices by descending key, equal keys by index.
template <class Key>
std::vector<int32_t> descending(size_t count, Key key) {
  std::vector<int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return key(a) > key(b); });
  return order;
}

/// Steps by descending live bytes; of each step the blocks by descending size.
std::vector<int32_t> breadth_order(const std::vector<Interval>& intervals) {
  const size_t count = intervals.size();
  // Live bytes only reach a maximum where some block begins: one candidate step an interval is enough.
  std::vector<int64_t> breadth(count, 0);
  for (size_t i = 0; i < count; ++i)
    for (const Interval& other : intervals)
      if (other.first <= intervals[i].first && intervals[i].first <= other.last)
        breadth[i] += reserved_bytes(other);
  // An interval's key is the broadest candidate step of its lifetime.
  std::vector<int64_t> broadest(count, 0);
  for (size_t i = 0; i < count; ++i)
    for (size_t j = 0; j < count; ++j)
      if (intervals[i].first <= intervals[j].first && intervals[j].first <= intervals[i].last)
        broadest[i] = std::max(broadest[i], breadth[j]);
  return descending(count, [&](int32_t i) {
    const size_t at = static_cast<size_t>(i);
    return std::tuple(broadest[at], reserved_bytes(intervals[at]));
  });
}

/// Bytes of the other blocks that are alive at some step of each one's lifetime.
std::vector<int64_t> conflicting_bytes(const std::vector<Interval>& intervals) {
  std::vector<int64_t> bytes(intervals.size(), 0);
  for (size_t i = 0; i < intervals.size(); ++i)
    for (const Interval& other : intervals)
      if (alive_together(intervals[i], other)) bytes[i] += reserved_bytes(other);
  return bytes;
}

}  // namespace

FirstFit::FirstFit(const std::vector<Interval>& intervals) : intervals_(intervals) {
  sizes_.reserve(intervals.size());
  for (const Interval& interval : intervals) sizes_.push_back(reserved_bytes(interval));
  placed_.reserve(intervals.size());
}

int64_t FirstFit::lowest_offset(const Interval& interval, int64_t size) {
  int64_t offset = 0;
  size_t visited = 0;
  for (; visited < placed_.size(); ++visited) {
    const Placed& block = placed_[visited];
    if (block.offset >= offset + size) break;  // a gap, and all later blocks lie higher still
    const bool together = block.first <= interval.last && interval.first <= block.last;
    if (together && block.end > offset) offset = round_up(block.end, interval.alignment);
  }
  work_ += static_cast<int64_t>(visited) + 1;
  return offset;
}

void FirstFit::insert(const Placed& block) {
  const auto above =
      std::upper_bound(placed_.begin(), placed_.end(), block.offset,
                       [](int64_t offset, const Placed& other) { return offset < other.offset; });
  placed_.insert(above, block);
}

bool FirstFit::place(const std::vector<int32_t>& order, int64_t limit, Placement& placement) {
  placed_.clear();
  placement.offsets.assign(intervals_.size(), 0);
  placement.peak = 0;
  for (int32_t number : order) {
    const size_t i = static_cast<size_t>(number);
    if (sizes_[i] == 0) continue;
    const int64_t offset = lowest_offset(intervals_[i], sizes_[i]);
    const int64_t end = offset + sizes_[i];
    if (end > limit) return false;
    placement.offsets[i] = offset;
    placement.peak = std::max(placement.peak, end);
    insert({offset, end, intervals_[i].first, intervals_[i].last});
  }
  return true;
}

std::vector<std::vector<int32_t>> greedy_orders(const std::vector<Interval>& intervals) {
  const size_t count = intervals.size();
  const auto at = [&](int32_t i) -> const Interval& { return intervals[static_cast<size_t>(i)]; };
  const auto size = [&](int32_t i) { return reserved_bytes(at(i)); };
  const auto duration = [&](int32_t i) { return int64_t{at(i).last} - at(i).first + 1; };
  const std::vector<int64_t> conflicts = conflicting_bytes(intervals);
  return {
      descending(count, [&](int32_t i) { return std::tuple(size(i), duration(i)); }),
      breadth_order(intervals),
      descending(count, [&](int32_t i) { return std::tuple(size(i) * duration(i), size(i)); }),
      descending(count, [&](int32_t i) { return std::tuple(duration(i), size(i)); }),
      descending(count, [&](int32_t i) { return std::tuple(conflicts[static_cast<size_t>(i)], size(i)); }),
      descending(count, [&](int32_t i) { return std::tuple(-int64_t{at(i).first}, size(i)); }),
      descending(count, [&](int32_t i) { return std::tuple(int64_t{at(i).last}, size(i)); }),
  };
}

}  // namespace thaw
