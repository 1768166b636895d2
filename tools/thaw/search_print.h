// What `thaw search` says: remarks before it, its result as tables or as one JSON document.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "search/search.h"
#include "search/training_evaluator.h"
#include "sim/data/dataset.h"
#include "tools/thaw/json_output.h"

namespace thaw::cli {

/// Accuracy in percent with two decimals, or another metric (metric_text), or "diverged".
std::string percent(const Evaluation& e);

/// What a reader should know of the data before numbers come: mirroring, classifier, how much one sample
/// weighs against the threshold (points). A line each.
std::vector<std::string> search_remarks(const SearchProblem& problem,
                                        const std::optional<ShippedModel>& shipped, double threshold);

/// Prints what each layer adds and why it was taken or not.
void print_reasons(const SearchResult& result);

/// Prints the order of freezing, the comparison on test, what beats the answer there, and the answer with the
/// name of its schedule file.
void print_search(const SearchResult& result, const SearchProblem& problem, const std::string& file);

/// The same as members added to the run's record.
Json search_document(const SearchResult& result, const std::filesystem::path& folder, const Json& record);

/// What will be done, and what is to be known about it; with `quiet` only what is likely wrong with the data.
void print_before(const std::vector<std::string>& header, const Dataset& data,
                  const std::vector<std::string>& remarks, bool quiet);

/// How much of the search an earlier one has done already.
void print_what_is_known(const TrialRecord& record, Store& store);

/// The shape of the work, so that people can say what more processes would give; sizes in bytes.
void print_work(const TrainingEvaluator& evaluator, size_t evaluations, int64_t bytes_moved, double seconds);

}  // namespace thaw::cli
