// Sweep over the starts and ends of lifetimes.
#include "memmodel/interval.h"

#include <algorithm>
#include <utility>

namespace thaw {

LiveBytes most_live_bytes(const std::vector<Interval>& intervals) {
  // A block dies after its last step, so its bytes leave at last + 1; sorted, they leave before others come.
  std::vector<std::pair<int64_t, int64_t>> changes;  // step, bytes gained
  changes.reserve(intervals.size() * 2);
  for (const Interval& interval : intervals) {
    changes.emplace_back(interval.first, reserved_bytes(interval));
    changes.emplace_back(int64_t{interval.last} + 1, -reserved_bytes(interval));
  }
  std::sort(changes.begin(), changes.end());
  LiveBytes most;
  int64_t live = 0;
  for (const auto& [step, gained] : changes) {
    live += gained;
    if (live > most.bytes) most = {live, static_cast<int32_t>(step)};
  }
  return most;
}

}  // namespace thaw
