// The record of every evaluation, one JSON object a line: the run's own evidence, for people and reports.
// Rows stand in the order in which the search asked, whatever finished first and whether it was trained or
// known to the store, and hold nothing that depends on time or machine.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "search/files/evaluation.h"

namespace thaw {

/// Identifies an evaluation: digest of schedule, fidelity, seeds, split, and of what the run stands on.
std::string evaluation_key(const EvaluationRequest& request, const std::string& run_digest);

class TrialRecord {
 public:
  /// Reads what an earlier run of the same command left in `file`; a last line that was cut off in the middle
  /// is dropped. Damaged rows, and those of another run (`run_digest`, see run_digest.h), are refused with an
  /// Error. Nothing is changed on disk. An empty path keeps the record in memory only.
  TrialRecord(std::filesystem::path file, std::string run_digest);

  /// Numbers the evaluation and appends it, unless it is already there. Rows that the file holds already, in
  /// this order, stay as they are; from the first other one on the file is written anew. Throws Error where a
  /// row cannot be written: the rows before it stand.
  void add(Evaluation& evaluation);

  /// The search is complete: rows that it did not ask for are dropped.
  void finish();

  /// Rows found when the record was opened.
  int64_t resumed() const { return resumed_; }

  /// Every evaluation of this run so far, in order.
  const std::vector<Evaluation>& evaluations() const { return evaluations_; }

 private:
  void write_row(const std::string& row);

  std::filesystem::path file_;
  std::string run_digest_;
  std::map<std::string, int32_t> numbers_;  // by key
  std::vector<Evaluation> evaluations_;
  std::string found_;   // what the file held; empty once it is written over
  size_t written_ = 0;  // bytes of the file that are rows of this run
  int64_t resumed_ = 0;
};

}  // namespace thaw
