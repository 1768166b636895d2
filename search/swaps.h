// Neighbours of a selection, measured: contributions add up only roughly, so what was chosen by their sum is
// improved by what looks say of the whole.
#pragma once

#include <vector>

#include "search/contributions.h"

namespace thaw {

struct SwapOptions {
  Fidelity look;
  std::vector<uint32_t> seeds;  // of a look, a fold a seed
  int32_t rounds = 4;           // at most
  size_t neighbours = 6;        // looked at in each round
  size_t precisions = 2;        // looked at besides: other fraction bits
};

/// A selection with what its looks said.
struct Swapped {
  Selection selection;
  int32_t swaps = 0;  // that were taken
};

/// Selections that fit and differ from `selection` by one layer more, or more of it, for the least valuable
/// ones that must go; or by one layer less. Most promising first by what they contribute.
std::vector<Selection> neighbours(const Evaluator& evaluator, const TrainingRecipe& recipe,
                                  const SearchSpace& space, const Contributions& contributions,
                                  const Selection& selection);

/// Selections that fit and differ from `selection` by the fraction bits of one layer's weights: more of them,
/// for the least valuable layers that must go; or fewer, and one layer more, or more of it, in the bytes that
/// this frees. Most promising first by what they contribute, as if precision cost nothing: looks must say.
std::vector<Selection> precision_neighbours(const Evaluator& evaluator, const TrainingRecipe& recipe,
                                            const SearchSpace& space, const Contributions& contributions,
                                            const Selection& selection);

/// Each round looks at the first neighbours that were not looked at yet and takes the best one if a paired
/// t-test over the folds' losses, its error pooled over all looks, says that it is better (one-sided 5 %).
/// Ends after a round without such a one.
Swapped improved_by_swaps(Evaluator& evaluator, const TrainingRecipe& recipe, const SearchSpace& space,
                          const Contributions& contributions, const Selection& start,
                          const SwapOptions& options, const SearchLog& log);

}  // namespace thaw
