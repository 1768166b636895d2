// A gate's verdicts as JUnit XML: one test case a metric and a budget, which CI services list by themselves.
#pragma once

#include <string>

#include "reports/gate/gate.h"

namespace thaw {

/// Failures are those of level fail; warnings pass and stand in the case's output; what was not measured is
/// skipped. Without a baseline every metric of `rules` is skipped.
std::string junit_report(const GateReport& gate, const std::string& run_name);

}  // namespace thaw
