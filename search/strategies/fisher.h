// The strategy `fisher`: what gradients say of each tensor, without a trial training.
#pragma once

#include "search/strategies/strategy.h"

namespace thaw {

/// The selection with the largest sum of Fisher information (fisher.h) under the planned RAM and flash of the
/// board, confirmed in full at the rate that it prefers.
Trace fisher(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log);

/// See `StrategyWork`.
double fisher_work(const Evaluator& evaluator, const StrategyTask& task);

}  // namespace thaw
