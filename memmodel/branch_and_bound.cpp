// Depth-first search; the state is the top of the placed blocks at each step and the bytes still to come.
#include "memmodel/branch_and_bound.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "sim/base/round_up.h"

namespace thaw {
namespace {

/// One block with its lifetime in numbers of `steps`, the compressed axis.
struct Block {
  size_t id = 0;  // in the caller's list
  int64_t size = 0;
  int64_t alignment = 1;
  size_t first = 0, last = 0;
};

/// A block that may come next, and where it would lie.
struct Choice {
  int64_t offset = 0;
  size_t block = 0;
};

class Search {
 public:
  Search(const std::vector<Interval>& intervals, const Placement& incumbent, int64_t lower_bound,
         int64_t nodes)
      : best_(incumbent), lower_bound_(lower_bound), nodes_left_(nodes) {
    read_blocks(intervals);
    current_.offsets.assign(intervals.size(), 0);
    placed_.assign(blocks_.size(), false);
  }

  ExactResult run() {
    const bool complete = best_.peak <= lower_bound_ || visit(0, Choice{0, 0}, 0);
    return {best_, complete || best_.peak <= lower_bound_};
  }

 private:
  /// Two lifetimes that overlap share the step where the later one begins: these steps are enough.
  void read_blocks(const std::vector<Interval>& intervals) {
    std::vector<int32_t> steps;
    for (const Interval& interval : intervals) steps.push_back(interval.first);
    std::sort(steps.begin(), steps.end());
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    top_.assign(steps.size(), 0);
    to_come_.assign(steps.size(), 0);
    for (size_t i = 0; i < intervals.size(); ++i) {
      const Interval& interval = intervals[i];
      if (interval.bytes == 0) continue;
      const auto begin = std::lower_bound(steps.begin(), steps.end(), interval.first);
      const auto end = std::upper_bound(steps.begin(), steps.end(), interval.last);
      blocks_.push_back({i, reserved_bytes(interval), interval.alignment,
                         static_cast<size_t>(begin - steps.begin()),
                         static_cast<size_t>(end - steps.begin()) - 1});
      for (size_t step = blocks_.back().first; step <= blocks_.back().last; ++step)
        to_come_[step] += blocks_.back().size;
    }
  }

  /// Returns false where the node limit ended the search. `last` is the block placed just before.
  bool visit(size_t depth, Choice last, int64_t peak) {
    if (nodes_left_-- <= 0) return false;
    if (depth == blocks_.size()) {
      best_ = {current_.offsets, peak};
      return true;
    }
    if (bound(last.offset) >= best_.peak) return true;
    for (const Choice& choice : choices(depth, last)) {
      const Block& block = blocks_[choice.block];
      const int64_t end = choice.offset + block.size;
      if (end >= best_.peak) continue;
      const std::vector<int64_t> tops(top_.begin() + static_cast<std::ptrdiff_t>(block.first),
                                      top_.begin() + static_cast<std::ptrdiff_t>(block.last) + 1);
      put(choice, end);
      const bool finished = visit(depth + 1, choice, std::max(peak, end));
      take_back(choice, tops);
      if (!finished) return false;
      if (best_.peak <= lower_bound_) return true;
    }
    return true;
  }

  /// No completion of this node has a lower peak: what is to come lies above `floor` and above the tops.
  int64_t bound(int64_t floor) const {
    int64_t most = 0;
    for (size_t step = 0; step < top_.size(); ++step)
      if (to_come_[step] > 0) most = std::max(most, std::max(top_[step], floor) + to_come_[step]);
    return most;
  }

  int64_t lowest_offset(const Block& block) const {
    int64_t offset = 0;
    for (size_t step = block.first; step <= block.last; ++step) offset = std::max(offset, top_[step]);
    return round_up(offset, block.alignment);
  }

  std::vector<Choice> choices(size_t depth, Choice last) const {
    std::vector<Choice> all;
    int64_t lowest_end = std::numeric_limits<int64_t>::max();
    for (size_t i = 0; i < blocks_.size(); ++i) {
      if (placed_[i]) continue;
      all.push_back({lowest_offset(blocks_[i]), i});
      lowest_end = std::min(lowest_end, all.back().offset + blocks_[i].size);
    }
    std::erase_if(all, [&](const Choice& choice) {
      const bool out_of_order =
          depth > 0 && std::pair(choice.offset, choice.block) < std::pair(last.offset, last.block);
      return out_of_order || choice.offset >= lowest_end;
    });
    // Low and large first: good placements early make the bound cut more.
    std::sort(all.begin(), all.end(), [&](const Choice& a, const Choice& b) {
      return std::tuple(a.offset, -blocks_[a.block].size, a.block) <
             std::tuple(b.offset, -blocks_[b.block].size, b.block);
    });
    return all;
  }

  void put(const Choice& choice, int64_t end) {
    const Block& block = blocks_[choice.block];
    placed_[choice.block] = true;
    current_.offsets[block.id] = choice.offset;
    for (size_t step = block.first; step <= block.last; ++step) {
      top_[step] = end;
      to_come_[step] -= block.size;
    }
  }

  void take_back(const Choice& choice, const std::vector<int64_t>& tops) {
    const Block& block = blocks_[choice.block];
    placed_[choice.block] = false;
    for (size_t step = block.first; step <= block.last; ++step) {
      top_[step] = tops[step - block.first];
      to_come_[step] += block.size;
    }
  }

  std::vector<Block> blocks_;
  std::vector<int64_t> top_, to_come_;  // by step
  std::vector<bool> placed_;
  Placement current_;
  Placement best_;
  int64_t lower_bound_;
  int64_t nodes_left_;
};

}  // namespace

ExactResult branch_and_bound(const std::vector<Interval>& intervals, const Placement& incumbent,
                             int64_t lower_bound, int64_t nodes) {
  return Search(intervals, incumbent, lower_bound, nodes).run();
}

}  // namespace thaw
