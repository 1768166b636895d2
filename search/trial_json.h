// One evaluation as one line of JSON, and back.
#pragma once

#include <string>
#include <string_view>

#include "search/evaluation.h"

namespace thaw {

constexpr int kTrialSchemaVersion = 1;

/// An evaluation with the key that it is found by and the digest of the run that it belongs to.
struct TrialRow {
  std::string key, run;
  Evaluation evaluation;
};

/// Without line break. Equal rows give equal bytes.
std::string trial_line(const TrialRow& row);

/// Throws Error{where, ...} at anything that trial_line did not write.
TrialRow parse_trial(std::string_view line, const std::string& where);

}  // namespace thaw
