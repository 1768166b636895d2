// The report as one HTML file that needs nothing else: no network, no other file.
#pragma once

#include <string>
#include <vector>

#include "reports/board_limits.h"
#include "reports/gate/gate.h"
#include "reports/run_files.h"

namespace thaw {

/// The answer first, then the evidence. Everything from files is escaped and clipped; a content security
/// policy forbids every connection. `gate` may be null.
std::string html_report(const std::vector<Run>& runs, const std::vector<BoardLimits>& boards,
                        const GateReport* gate);

}  // namespace thaw
