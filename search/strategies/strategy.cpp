#include "search/strategies/strategy.h"

#include <algorithm>

#include "search/strategies/additive.h"
#include "search/strategies/evolution.h"
#include "search/strategies/fisher.h"
#include "search/strategies/freeze.h"
#include "search/strategies/knapsack.h"
#include "search/strategies/peak.h"
#include "search/strategies/random.h"
#include "sim/base/error.h"

namespace thaw {

const TraceStep& best_step(const Trace& trace) {
  return *std::max_element(
      trace.steps.begin(), trace.steps.end(),
      [](const TraceStep& a, const TraceStep& b) { return a.evaluation.score() < b.evaluation.score(); });
}

std::span<const Strategy> strategies() {
  static const Strategy table[] = {
      {"peak", "what adds most under the planned RAM, then swaps that are measured", peak, peak_work},
      {"knapsack", "the published objective solved exactly under the paper's extra memory, then swaps",
       knapsack, additive_work},
      {"evolution", "the published method: the same objective by evolution, then swaps", evolution,
       additive_work},
      {"fisher", "what gradients say of each tensor under the planned RAM, without trial trainings", fisher,
       fisher_work},
      {"freeze", "from all that fits, freeze what costs least accuracy per byte until accuracy falls", freeze,
       freeze_work},
      {"random", "random schedules that fit, the best by looks", random_search, random_search_work},
  };
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
