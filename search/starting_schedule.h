// Where freezing begins: every tensor that the budget and stable training allow.
#pragma once

#include <string>

#include "search/evaluator.h"
#include "search/learning_rate.h"
#include "search/space.h"

namespace thaw {

/// Throws Error naming required, available and excess bytes when not even the classifier fits the board.
void require_classifier_fits(const SearchProblem& problem, const TrainingRecipe& recipe);

/// The largest starting schedule that fits the board:
///   1. biases of as many last convolutions as fit
///   2. weights, best measured gain per byte first: each tensor is trained alone beside those biases for a
///      look, at the rate that looks say the biases prefer; what does not fit whole is tried with 1/2, 1/4
///      and 1/8 of its channels
/// Within the space: pinned weights are in it from the beginning. Nothing is measured where everything fits.
/// Throws Error where not even the classifier fits.
Schedule starting_schedule(Evaluator& evaluator, const TrainingRecipe& recipe, const SearchSpace& space,
                           const RateSearch& rates, const SearchLog& log);

/// The deepest convolution of the space whose bias, with all later ones, still fits; the number of
/// convolutions where none does.
int32_t deepest_bias_that_fits(const Evaluator& evaluator, const TrainingRecipe& recipe,
                               const SearchSpace& space);

}  // namespace thaw
