// The main job: a model, data and a board in, a proven update schedule out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/as_it_is.h"
#include "search/choice.h"
#include "search/comparison.h"
#include "search/effort.h"
#include "search/explanation.h"
#include "search/strategies/strategy.h"

namespace thaw {

struct SearchOptions {
  std::string strategy = strategies().front().name;
  TrainingRecipe recipe;
  std::optional<double> learning_rate;  // given: no rate is searched
  int32_t epochs = 4;
  Goal goal = Goal::accuracy;
  double threshold_points = 1.0;
  uint32_t seed = 1;
  int32_t seeds = 3;  // of the final table
  Effort effort = effort_named("normal");
  std::vector<std::string> pinned, forbidden;  // layers (space.h)
  std::vector<int32_t>
      shipped_predictions;  // of the test samples, by the model as shipped; empty: no such row

  /// The recipe that every schedule of the search starts from.
  TrainingRecipe start_recipe() const;
};

struct SearchResult {
  Schedule schedule;  // with its promise: accuracy on test, bytes, work, signature of the first seed
  Trace trace;        // of the strategy
  std::vector<Contender> contenders;  // all that was measured in full: the baselines, then the trace
  Choice choice;
  std::vector<ComparisonRow> comparison;
  std::optional<AsItIs> as_it_is;    // where the model knows the classes, and of other tasks
  std::vector<LayerReason> reasons;  // by layer; empty where the strategy measured no contributions

  /// The chosen step of the trace; none where a baseline won or the rate was tuned once more.
  std::optional<size_t> chosen_step() const;
};

/// A strategy with its baselines, all candidates for the answer (choice.h). Every decision is taken on
/// the validation folds; the test split is read once, at the end, by what is then compared.
SearchResult search(Evaluator& evaluator, const SearchOptions& options, const SearchLog& log);

/// About how much a search will train (expected_work.h).
double expected_work(const Evaluator& evaluator, const SearchOptions& options);

/// One sentence for everything that fits and is better than the answer on test by a paired test; none: the
/// answer stands.
std::vector<std::string> better_than_chosen(const SearchResult& result);

}  // namespace thaw
