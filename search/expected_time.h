// How long a search will take on this machine: its expected work (expected_work.h) at the speed of one short
// training that nobody hears of.
#pragma once

#include <cstdint>

#include "search/search.h"

namespace thaw {

struct ExpectedTime {
  double work = 1.0;     // multiply-accumulates, as expected_work counts them
  double seconds = 0.0;  // by the clock, where nothing is known from earlier searches
};

/// Of a search with `at_once` runs at the same time. Trains for a second at most, on the first samples of the
/// first fold; nothing is recorded.
ExpectedTime expected_time(const Evaluator& evaluator, const SearchOptions& options, int32_t at_once);

}  // namespace thaw
