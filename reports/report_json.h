// A report for machines: the figures, the gate's verdicts, and the form that github-action-benchmark reads.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "reports/board_limits.h"
#include "reports/gate/gate.h"
#include "reports/run_files.h"

namespace thaw {

/// One document: schema_version, runs (answer, figures, boards, comparison), gate (null where not judged).
nlohmann::ordered_json report_json(const std::vector<Run>& runs, const std::vector<BoardLimits>& boards,
                                   const GateReport* gate);

/// github-action-benchmark's customSmallerIsBetter: a list of {name, unit, value, range?, extra?}. Accuracy
/// enters as error, so that smaller is better for all.
nlohmann::ordered_json benchmark_json(const std::vector<Run>& runs);

}  // namespace thaw
