// The strategy `freeze`: begin with every tensor that the budget and stable training allow, and freeze
// weights one at a time, each time those whose loss costs least accuracy per byte saved, until accuracy
// falls.
#pragma once

#include "search/strategies/strategy.h"

namespace thaw {

/// Costs are measured, not assumed from depth. Every remaining tensor is looked at once; after that each
/// round looks again at the most promising few only (a lazy greedy search: Minoux 1978), takes the one with
/// the least accuracy lost per byte saved (what loses nothing: the most bytes first), and confirms it in
/// full. Stops when a paired test says that this is surely more than the threshold below the best seen (a dip
/// inside the noise does not end the search), or when nothing is left to freeze. Where training from the
/// start diverges at every rate, the start is made shallower, a quarter at a time. Throws Error where not
/// even the classifier fits the board.
Trace freeze(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log);

/// See `StrategyWork`.
double freeze_work(const Evaluator& evaluator, const StrategyTask& task);

}  // namespace thaw
