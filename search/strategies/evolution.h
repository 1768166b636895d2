// The strategy `evolution`: the published method, for comparison.
#pragma once

#include "search/strategies/strategy.h"

namespace thaw {

/// Evolution on the contributions (evolution.h) in the largest number of bytes of extra memory whose result
/// fits the board; improved by swaps and confirmed like that of `peak`.
Trace evolution(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log);

}  // namespace thaw
