// The strategy `peak`: what contributes most under the planned RAM of the board, then swaps that are
// measured.
#pragma once

#include "search/strategies/strategy.h"

namespace thaw {

/// Measures what each tensor adds alone (contributions.h), takes the selection with the largest sum that fits
/// (best_selection.h), and then, since contributions overlap, tries the most promising neighbours by looks:
/// something added or enlarged, and what adds least taken out until it fits. A swap is taken where it lowers
/// the validation loss by more than the error of a look, at most a few times. Rates are searched and the
/// selections before and after the swaps confirmed in full.
Trace peak(Evaluator& evaluator, const StrategyTask& task, const SearchLog& log);

/// See `StrategyWork`.
double peak_work(const Evaluator& evaluator, const StrategyTask& task);

}  // namespace thaw
