// Places intervals in a given order, each at the lowest address where it fits; and the orders worth trying.
// Orders by size, duration and breadth follow Pisarchyk and Lee, "Efficient Memory Management for Deep Neural
// Net Inference" (2020).
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "memmodel/interval.h"

namespace thaw {

/// First-fit placement, reused for many orders of the same intervals. Intervals of 0 bytes get offset 0.
class FirstFit {
 public:
  /// Keeps a reference to `intervals`, which must outlive this object.
  explicit FirstFit(const std::vector<Interval>& intervals);

  /// Places in `order` (a permutation of the indices). Gives up and returns false as soon as the peak would
  /// exceed `limit`; `placement` is then unfinished.
  bool place(const std::vector<int32_t>& order, int64_t limit, Placement& placement);

  /// Comparisons made so far: the measure of work by which searches are limited, since it is the same on any
  /// machine, unlike time.
  int64_t work() const { return work_; }

 private:
  struct Placed {
    int64_t offset, end;
    int32_t first, last;
  };
  int64_t lowest_offset(const Interval& interval, int64_t size);
  void insert(const Placed& block);

  const std::vector<Interval>& intervals_;
  std::vector<int64_t> sizes_;
  std::vector<Placed> placed_;  // ascending by offset
  int64_t work_ = 0;
};

/// Orders to try, best ones of the literature first; equal keys by index.
std::vector<std::vector<int32_t>> greedy_orders(const std::vector<Interval>& intervals);

}  // namespace thaw
