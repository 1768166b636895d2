// --samples: a part of each split, the same one in every command, so that what a search promises can be
// trained again on what it saw.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <vector>

#include "sim/data/dataset.h"
#include "sim/exec/prefix_cache.h"

namespace thaw::cli {

/// Adds --samples; `count` must outlive the parse.
void add_sample_limit(CLI::App& command, int64_t& count);

/// Keeps `count` of the samples (0, or more than there are: all), the same share of every class, in their
/// order.
void keep_samples(Samples& samples, int64_t count);

/// A split that has labels only: what stratified cuts need to know.
Split labels_only(const std::vector<int32_t>& labels);

}  // namespace thaw::cli
