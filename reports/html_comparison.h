// The part of a page that compares: the answer with what needs no search, class with class, run with run.
#pragma once

#include <string>
#include <vector>

#include "reports/run_files.h"

namespace thaw {

/// "", "does not fit" or "diverged".
std::string outcome_words(TrialOutcome outcome);

/// The answer beside what needs no search: picture and table.
std::string comparison_html(const Comparison& comparison);

/// Accuracy by class, and what each is taken for, as a table; empty where predictions are not stored.
std::string classes_html(const Run& run);

/// Several runs: their answers side by side, and their Pareto fronts on the same axes.
std::string runs_html(const std::vector<Run>& runs);

}  // namespace thaw
