// --samples: a part of each split, the same one in every command, so that what a search promises can be
// trained again on what it saw.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

#include "sim/exec/prefix_cache.h"

namespace thaw::cli {

/// Adds --samples; `count` must outlive the parse.
void add_sample_limit(CLI::App& command, int64_t& count);

/// Keeps `count` of the samples (0: all), chosen as some_samples (sim/exec) does.
void keep_samples(Samples& samples, int64_t count);

}  // namespace thaw::cli
