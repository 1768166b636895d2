// The strategy `random`: what a search must beat.
#pragma once

#include "search/strategies/strategy.h"

namespace thaw {

/// Draws schedules that fit until `StrategyTask::random_looks` were found, looks at each, and confirms the
/// three of least validation loss.
Trace random_search(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log);

/// See `StrategyWork`.
double random_search_work(const Evaluator& evaluator, const StrategyTask& task);

}  // namespace thaw
