// A strategy as a value: its name, what it does in words, and one function. Command line, provenance, curve
// and report take what the function returns without knowing whose it is. A new one is a file beside this,
// which defines NAME_strategy(), and its name in strategy.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/choice.h"
#include "search/contributions.h"
#include "search/evaluator.h"
#include "search/learning_rate.h"
#include "search/space.h"

namespace thaw {

/// What every strategy is told besides the evaluator.
struct StrategyTask {
  TrainingRecipe recipe;    // of every schedule; its rate counts where `rates.given`
  double threshold = 0.01;  // largest fall below the best seen (allowed_fall)
  Goal goal = Goal::accuracy;
  RateSearch rates;                  // fidelities and seeds of looks and confirmations
  SearchSpace space;                 // what may be updated
  Fidelity first_look;               // of what each tensor adds alone
  std::vector<uint32_t> look_seeds;  // a look is repeated with each, a fold a seed
  int32_t swap_rounds = 4;           // at most
  size_t swap_neighbours = 6;        // looked at in each
  size_t swap_precisions = 2;        // besides: other fraction bits
  int32_t random_looks = 100;        // of `random`
  int32_t smaller_budgets = 0;       // of `peak`: confirmed besides, for the trade between accuracy and bytes
};

/// A schedule that a strategy took, measured in full on validation.
struct TraceStep {
  std::string name;    // for people, as in tables: "start", "step 2 of freezing"
  std::string frozen;  // what became frozen here: "weights of b7.pw1"; the first point is "start"
  Evaluation evaluation;
  bool holds = true;  // measured within the threshold of the best seen up to here
};

/// What a strategy did, step by step; the first is where it started.
struct Trace {
  std::vector<TraceStep> steps;
  double reference = 0.0;                      // best value of the metric seen
  std::string stop_reason;                     // one sentence
  std::optional<Contributions> contributions;  // where the strategy measured them
};

/// The step of the highest score, the earlier of equals. Requires one at least.
const TraceStep& best_step(const Trace& trace);

/// Every decision is taken on validation, by `evaluator`; the same evaluations give the same trace.
using StrategyFunction = Trace (*)(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log);

/// About how much the function will train (expected_work.h).
using StrategyWork = double (*)(const Evaluator& evaluator, const StrategyTask& task);

struct Strategy {
  std::string name;     // of --strategy
  std::string summary;  // one line of help
  StrategyFunction run = nullptr;
  StrategyWork work = nullptr;
};

/// All of them; the first is the default.
std::span<const Strategy> strategies();

/// Throws Error naming those that there are.
const Strategy& strategy_named(const std::string& name);

}  // namespace thaw
