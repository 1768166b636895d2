// What a step of training would gain from each tensor, from gradients alone: no trial trainings. After
// TinyTrain (Kwon et al. 2023, arXiv 2307.09988), which ranks channels by Fisher information per byte and
// multiply-accumulate.
#pragma once

#include "search/contributions.h"

namespace thaw {

/// Trains a classifier on at most 512 training samples in float arithmetic, then takes the gradients of at
/// most 256 single samples with respect to every bias and weight of the space. A tensor's gain is the mean of
/// its squared quantisation-aware scaled gradient, sum of g^2 / scale^2: to first order the fall of the loss
/// by a step of rate 1. Shares of a tensor gain in proportion; biases from a layer on gain the sum of theirs.
/// Errors are 0, units arbitrary but common to all. Throws Error where a layer has no rule in float
/// arithmetic.
Contributions fisher_contributions(const SearchProblem& problem, const TrainingRecipe& recipe,
                                   const SearchSpace& space);

}  // namespace thaw
