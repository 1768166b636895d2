// What contributions recommend under less RAM than the board has: the rest of the trade between accuracy and
// bytes, from one set of measurements.
#pragma once

#include "search/strategies/additive.h"

namespace thaw {

/// Adds to `trace` the best selections at 1/2, 1/4, ... of the RAM that its last step needs above the least
/// selection (`task.smaller_budgets` of them at most), each confirmed in full at that step's rate. For
/// Goal::bytes it halves for as long as accuracy stays within the threshold of the best seen, and then halves
/// the gap between the smallest that holds and the largest that does not, as often again as there are bytes
/// worth it. What has been confirmed before is not confirmed again.
void confirm_smaller_budgets(Evaluator& evaluator, const StrategyTask& task,
                             const Contributions& contributions, Trace& trace, const SearchLog& log);

}  // namespace thaw
