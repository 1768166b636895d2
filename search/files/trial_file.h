// trials.jsonl: one evaluation as one line of JSON, and one training run of it, there and back.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "search/files/evaluation.h"

namespace thaw {

class JsonView;

/// An evaluation with the digest of what was asked and of the run that it belongs to.
struct TrialRow {
  std::string key, run;
  Evaluation evaluation;
};

/// Without line break. Equal rows give equal bytes.
std::string trial_line(const TrialRow& row);

/// Reads what trial_line wrote, today's or Thaw's before 0.2, which had no purpose. Throws Error naming the
/// field.
TrialRow read_trial(const JsonView& view);

/// All rows of a file of at most 1 GiB.
std::vector<TrialRow> read_trials(const std::filesystem::path& file);

/// The run that a row belongs to. Throws Error{where, ...} where the line is no row of a known version.
std::string run_of_trial(std::string_view line, const std::string& where);

/// One training run as JSON, whole.
std::string seed_text(const SeedResult& result);

/// Reads what seed_text wrote, value by value. Throws Error{where, ...} at anything else.
SeedResult read_seed_text(std::string_view text, const std::string& where);

}  // namespace thaw
