// The record of every evaluation, one JSON object a line: evidence for people, and memory for a search that
// was interrupted. Rows stand in the order in which the search asked, whatever finished first, and hold
// nothing that depends on time or machine.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "search/evaluation.h"

namespace thaw {

/// Identifies an evaluation: digest of schedule, fidelity, seeds, split, and of what the run stands on.
std::string evaluation_key(const EvaluationRequest& request, const std::string& run_digest);

class TrialRecord {
 public:
  /// Opens `file`, reading what an earlier run of the same command left; a last line that was cut off in the
  /// middle is dropped. `run_digest` covers model, data and everything else that evaluations depend on: rows
  /// of another run are refused with an Error. An empty path keeps the record in memory only.
  TrialRecord(std::filesystem::path file, std::string run_digest);

  /// The evaluation of this request if an earlier run measured it; its number counts this run's asking order.
  const Evaluation* find(const EvaluationRequest& request) const;

  /// Numbers the evaluation and appends it, unless it is already there.
  void add(Evaluation& evaluation);

  /// The search is complete: what was set aside of earlier runs is not needed any more.
  void finish();

  /// Rows found when the record was opened.
  size_t resumed() const { return resumed_; }

  /// Every evaluation of this run so far, in order.
  const std::vector<Evaluation>& evaluations() const { return evaluations_; }

 private:
  std::filesystem::path earlier_file() const;

  std::filesystem::path file_;
  std::string run_digest_;
  std::map<std::string, Evaluation> known_;
  std::vector<Evaluation> evaluations_;
  size_t resumed_ = 0;
};

}  // namespace thaw
