// What `thaw search` says of the time that it will take.
#pragma once

#include <cstdint>

#include "search/evaluator.h"
#include "search/search.h"

namespace thaw::cli {

/// Prints how long a search will take with `at_once` runs at the same time; returns its work, in
/// multiply-accumulates (expected_work.h).
double say_expected_time(const Evaluator& evaluator, const SearchOptions& options, int32_t at_once);

/// The same, unless `quiet`, of a search that ends here. Returns the exit status.
int end_dry_run(const SearchProblem& problem, const SearchOptions& options, int32_t at_once, bool quiet);

}  // namespace thaw::cli
