// A report as Markdown: for a CI step summary, and shorter for a comment on a pull request.
#pragma once

#include <string>
#include <vector>

#include "reports/board_limits.h"
#include "reports/gate/gate.h"
#include "reports/run_files.h"

namespace thaw {

/// Limits of the places that show it, in bytes, with room for what a workflow adds.
constexpr size_t kStepSummaryBytes = 1000 * 1000;    // GitHub cuts step summaries at 1 MiB
constexpr size_t kPullRequestCommentBytes = 60'000;  // and refuses comments above 65,536 characters

/// Answer, gate (where judged), comparison, freezing curve, all trials, provenance: in this order, so that
/// what is cut at the end matters least. Never longer than `most_bytes`: cut after a whole line, and says so.
/// `gate` may be null.
std::string markdown_report(const std::vector<Run>& runs, const std::vector<BoardLimits>& boards,
                            const GateReport* gate, size_t most_bytes);

}  // namespace thaw
