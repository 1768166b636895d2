#include "search/evolution.h"
#include "search/schedules.h"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace thaw {
namespace {

// mt19937_64 is the same everywhere; the distributions of <random> are not.
using Random = std::mt19937_64;

bool chance(Random& next, double probability) {
  return static_cast<double>(next() % 1'000'000) < 1e6 * probability;
}

struct Member {
  Selection selection;
  double gain = 0.0;
};

class Evolution {
 public:
  Evolution(const Network& network, const SearchSpace& space, const Contributions& contributions,
            const ExtraBytes& extra, int64_t bytes, const EvolutionOptions& options)
      : network_(network),
        space_(space),
        contributions_(contributions),
        extra_(extra),
        bytes_(bytes),
        options_(options),
        next_(options.seed) {}

  Selection run() {
    std::vector<Member> population = {member(least_selection(space_, network_))};
    int32_t asked = 0;
    while (asked < options_.samples) {
      std::vector<Member> generation = population;
      for (int32_t i = 0; i < options_.population && asked < options_.samples; ++i, ++asked)
        if (Member child = member(offspring(population)); extra_.of(child.selection) <= bytes_)
          generation.push_back(std::move(child));
      std::stable_sort(generation.begin(), generation.end(),
                       [](const Member& a, const Member& b) { return a.gain > b.gain; });
      generation.resize(std::min(generation.size(), static_cast<size_t>(options_.parents)));
      population = std::move(generation);
    }
    return population.front().selection;
  }

 private:
  Member member(Selection selection) const {
    const double gain = contributions_.gain(selection);
    return {std::move(selection), gain};
  }

  /// A third each: new, changed, crossed.
  Selection offspring(const std::vector<Member>& parents) {
    const Selection& one = parents[next_() % parents.size()].selection;
    switch (next_() % 3) {
      case 0:
        return random_selection(space_, head_op(network_), 0.2, next_);
      case 1:
        return changed(one);
      default:
        return crossed(one, parents[next_() % parents.size()].selection);
    }
  }

  Selection changed(const Selection& parent) {
    Selection child = parent;
    if (!space_.biases_follow && chance(next_, 0.3)) {
      const auto depth = static_cast<uint64_t>(head_op(network_) - space_.first_op + 1);
      child.first_bias = space_.first_op + static_cast<int32_t>(next_() % depth);
      if (!child.weights.empty()) child.first_bias = std::min(child.first_bias, child.weights.front().op);
    }
    for (const int32_t op : space_.weights) {
      if (space_.pins(op) || !chance(next_, options_.mutation)) continue;
      child = child.eighths_of(op) > 0 && chance(next_, 0.5)
                  ? without_share(space_, network_, child, op)
                  : with_share(child, {op, space_.eighths[next_() % space_.eighths.size()]});
    }
    return child;
  }

  Selection crossed(const Selection& a, const Selection& b) {
    Selection child = least_selection(space_, network_);
    if (!space_.biases_follow)
      child.first_bias = std::min(child.first_bias, (chance(next_, 0.5) ? a : b).first_bias);
    for (const int32_t op : space_.weights) {
      const int32_t eighths = (chance(next_, 0.5) ? a : b).eighths_of(op);
      if (eighths > 0) child = with_share(child, {op, eighths});
    }
    return child;
  }

  const Network& network_;
  const SearchSpace& space_;
  const Contributions& contributions_;
  const ExtraBytes& extra_;
  int64_t bytes_;
  EvolutionOptions options_;
  Random next_;
};

}  // namespace

Selection evolved(const Network& network, const SearchSpace& space, const Contributions& contributions,
                  const ExtraBytes& extra, int64_t bytes, const EvolutionOptions& options) {
  return Evolution(network, space, contributions, extra, bytes, options).run();
}

}  // namespace thaw
