// What a search leaves behind: the answer and all its evidence, as files that other commands read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "search/search.h"

namespace thaw {

/// Writes schedule.json, curve.json, pareto.json, comparison.json, predictions.bin and plan.json;
/// trials.jsonl is already there, run.json (all that depends on time and machine, search/files/run_file.h) is
/// written by the command. Each file is written whole or not at all.
void write_run_directory(const std::filesystem::path& folder, const Evaluator& evaluator,
                         const std::vector<Evaluation>& trials, const SearchResult& result,
                         const SearchOptions& options);

/// Refuses a folder in which a file of a run cannot be put in place because its name is a folder's.
void check_run_files(const std::filesystem::path& folder);

/// Evaluations at full fidelity on validation that no other beats in the metric with at most the same RAM,
/// ascending in RAM. Diverged and over-budget ones do not count.
std::vector<Evaluation> pareto_front(const std::vector<Evaluation>& trials);

}  // namespace thaw
