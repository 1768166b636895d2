// --replay and --replay-memory: latent replay as a device does it.
#pragma once

#include <CLI/CLI.hpp>

#include "sim/train/trainer.h"

namespace thaw::cli {

/// Adds both; `replay` must outlive the parse.
void add_replay(CLI::App& command, Replay& replay);

}  // namespace thaw::cli
