// Every trial of a run as CSV (RFC 4180 with plain line breaks), for spreadsheets and scripts.
#pragma once

#include <string>

#include "reports/run_files.h"

namespace thaw {

/// A header, then a line a trial; accuracy 0..1, sizes in bytes. Where there are no trials, the rows of the
/// comparison.
std::string trials_csv(const Run& run);

}  // namespace thaw
