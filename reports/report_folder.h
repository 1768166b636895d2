// Everything that a report consists of, as files of one folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reports/board_limits.h"
#include "reports/gate/gate.h"
#include "reports/run_files.h"

namespace thaw {

/// Writes report.html, summary.md (step summary), comment.md (pull request), junit.xml (where a gate was
/// judged), trials.csv (a run each: RUN.csv where there are several), report.json, benchmark.json and
/// charts/*.svg and, where they can be drawn, *.png; the folder is made where it is missing. Returns the
/// names written. Each file is written whole or not at all.
std::vector<std::string> write_report_folder(const std::filesystem::path& folder,
                                             const std::vector<Run>& runs,
                                             const std::vector<BoardLimits>& boards, const GateReport* gate);

}  // namespace thaw
