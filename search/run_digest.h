// What all trials of a run directory stand on, in one digest: rows of another one are never reused.
#pragma once

#include <string>

#include "search/evaluator.h"

namespace thaw {

/// Digest of everything that the numbers of a trial depend on beside its request: model, classifier, data
/// which samples train and which decide, every field of the board and of the recipe that the
/// search starts from, and the version of Thaw. Threads and jobs are left out: nothing depends on them.
std::string run_digest(const SearchProblem& problem, const TrainingRecipe& recipe);

}  // namespace thaw
