// The strategy `knapsack`: the published objective, solved exactly on the paper's extra memory.
#pragma once

#include "search/strategies/strategy.h"

namespace thaw {

/// Of the optima for every number of bytes of extra memory (knapsack.h), the one that adds most among those
/// whose planned RAM and flash fit the board; improved by swaps and confirmed like that of `peak`. Says what
/// the paper's proxy costs: its bytes beside those that are planned.
Trace knapsack(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log);

}  // namespace thaw
