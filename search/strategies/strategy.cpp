#include "search/strategies/strategy.h"

#include <algorithm>

#include "sim/base/error.h"

namespace thaw {

const TraceStep& best_step(const Trace& trace) {
  return *std::max_element(
      trace.steps.begin(), trace.steps.end(),
      [](const TraceStep& a, const TraceStep& b) { return a.evaluation.score() < b.evaluation.score(); });
}

// Each in the file of its name.
Strategy peak_strategy();
Strategy knapsack_strategy();
Strategy evolution_strategy();
Strategy fisher_strategy();
Strategy freeze_strategy();
Strategy greedy_strategy();
Strategy random_strategy();

std::span<const Strategy> strategies() {
  static const Strategy table[] = {peak_strategy(),   knapsack_strategy(), evolution_strategy(),
                                   fisher_strategy(), freeze_strategy(),   greedy_strategy(),
                                   random_strategy()};
  return table;
}

const Strategy& strategy_named(const std::string& name) {
  std::string known;
  for (const Strategy& strategy : strategies()) {
    if (strategy.name == name) return strategy;
    known += (known.empty() ? "" : ", ") + strategy.name;
  }
  throw Error("--strategy", "there is no '" + name + "'", "Choose one of: " + known);
}

}  // namespace thaw
