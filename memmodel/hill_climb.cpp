// Each iteration: pick a block at the peak, pick one placed before it, rotate the first in front of the
// second, place again. Equal peaks are accepted so that the climb can walk along plateaus.
#include "memmodel/hill_climb.h"

#include <algorithm>
#include <utility>

namespace thaw {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, and the same on every machine.
class RandomNumbers {
 public:
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }

 private:
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  uint64_t state_ = 1;
};

/// Positions in `order` of the blocks that end at the peak.
std::vector<size_t> positions_at_peak(const std::vector<Interval>& intervals,
                                      const std::vector<int32_t>& order, const Placement& placement) {
  std::vector<size_t> positions;
  for (size_t position = 0; position < order.size(); ++position) {
    const size_t i = static_cast<size_t>(order[position]);
    if (placement.offsets[i] + reserved_bytes(intervals[i]) == placement.peak) positions.push_back(position);
  }
  return positions;
}

/// Moves the block at `from` to the earlier position `to`.
void move_forward(std::vector<int32_t>& order, size_t from, size_t to) {
  const auto begin = order.begin();
  std::rotate(begin + static_cast<std::ptrdiff_t>(to), begin + static_cast<std::ptrdiff_t>(from),
              begin + static_cast<std::ptrdiff_t>(from) + 1);
}

}  // namespace

Placement hill_climb(const std::vector<Interval>& intervals, FirstFit& first_fit, std::vector<int32_t> order,
                     const Placement& placement, const ClimbLimits& limits) {
  Placement current = placement;
  Placement candidate;
  RandomNumbers random;
  const int64_t last_work = first_fit.work() + limits.comparisons;
  for (int64_t iteration = 0; iteration < limits.iterations; ++iteration) {
    if (current.peak <= limits.target || first_fit.work() > last_work) break;
    const std::vector<size_t> at_peak = positions_at_peak(intervals, order, current);
    const size_t from = at_peak[random.below(at_peak.size())];
    if (from == 0) break;  // a block placed first lies at 0: the peak is its own size
    std::vector<int32_t> changed = order;
    if (iteration % 4 == 3) {  // now and then elsewhere, so that the climb leaves a cycle of equal orders
      const size_t first = random.below(order.size());
      const size_t second = random.below(order.size());
      std::swap(changed[first], changed[second]);
    } else {
      move_forward(changed, from, random.below(from));
    }
    if (!first_fit.place(changed, current.peak, candidate)) continue;
    std::swap(current, candidate);
    order = std::move(changed);
  }
  return current;
}

}  // namespace thaw
