// What strategies that add up contributions share: contributions at a rate that trains, and what follows the
// choice, swaps and confirmation.
#pragma once

#include <string>

#include "search/contributions.h"
#include "search/strategies/strategy.h"

namespace thaw {

/// The task without what cannot be part of any answer: layers from which on not even the biases fit the
/// board, and weights of which not even the smallest share does. What is left out is what takes longest to
/// look at.
StrategyTask without_what_cannot_fit(const Evaluator& evaluator, const StrategyTask& task);

/// Contributions at `rate_of_looks`.
Contributions contributions_at_a_good_rate(Evaluator& evaluator, const StrategyTask& task,
                                           const SearchLog& log);

/// The rate that looks prefer for the biases of the last half of the layers and an eighth of their weights:
/// biases alone bear twice the rate at which weights fall apart (docs/decisions/046). The same for every
/// budget; for fewer layers where those biases do not fit the board.
double rate_of_looks(Evaluator& evaluator, const StrategyTask& task);

/// A selection confirmed in full at this rate, or a slower one where that diverges.
TraceStep confirmed_step(Evaluator& evaluator, const StrategyTask& task, const std::string& name,
                         const Selection& selection, double rate, const SearchLog& log);

/// Work of a strategy that measures contributions and confirms one selection, or so many more.
double additive_work(const Evaluator& evaluator, const StrategyTask& task);

/// Fills in what follows from a trace's steps, and why it ended.
void finish(Trace& trace, const StrategyTask& task, std::string stop_reason);

/// Improves a selection by swaps and confirms both ends in full, each at the rate it prefers: the steps of
/// the trace are the classifier alone or what is pinned, `chosen`, and what swaps made of it.
Trace confirmed_after_swaps(Evaluator& evaluator, const StrategyTask& task,
                            const Contributions& contributions, const Selection& chosen,
                            const SearchLog& log);

}  // namespace thaw
