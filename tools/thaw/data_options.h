// The options of every command that reads DATA: how recordings become samples, and in which units.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace thaw::cli {

/// hop: rows between the starts of windows, 0: a window's length; pad: short recordings become a window;
/// normalise: every channel to mean 0, deviation 1 (sim/data/normalise.h).
struct DataOptions {
  int64_t hop = 0;
  bool pad = false;
  bool normalise = false;
};

/// Adds --hop, --pad and --normalise; `options` must outlive the parse.
void add_data_options(CLI::App& command, DataOptions& options);

}  // namespace thaw::cli
