// The strategy `freeze`: begin with every tensor that the budget and stable training allow, and freeze
// weights one at a time, each time those whose loss costs least accuracy per byte saved, until accuracy
// falls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "search/evaluator.h"
#include "search/learning_rate.h"
#include "search/starting_schedule.h"

namespace thaw {

struct FreezeOptions {
  double threshold = 0.01;  // 0..1: largest fall below the best seen
  RateSearch rates;         // fidelities and seeds of looks and confirmations
};

/// One point of the freezing curve: the schedule after `frozen` was frozen, in full.
struct FreezeStep {
  std::string frozen;  // for people, for example "weights of b7.pw1"; the first point is the start
  Evaluation evaluation;
  bool holds = true;  // measured within the threshold of the best seen up to here
};

struct FreezeResult {
  std::vector<FreezeStep> curve;
  double reference = 0.0;   // best accuracy seen, 0..1
  std::string stop_reason;  // one sentence
};

/// Costs are measured, not assumed from depth. Every remaining tensor is looked at once; after that each
/// round looks again at the most promising few only (a lazy greedy search: Minoux 1978), takes the one with
/// the least accuracy lost per byte saved (what loses nothing: the most bytes first), and confirms it in
/// full. Stops when a paired test says that this is surely more than the threshold below the best seen (a dip
/// inside the noise does not end the search), or when nothing is left to freeze.
FreezeResult freeze(Evaluator& evaluator, const Schedule& start, const FreezeOptions& options,
                    const SearchLog& log);

}  // namespace thaw
