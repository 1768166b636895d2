// A part of the samples, chosen by one rule wherever less than all is wanted.
#pragma once

#include <cstdint>

#include "sim/exec/prefix_cache.h"

namespace thaw {

/// `count` of the samples (all where there are no more), the same share of every class, in their order;
/// always the same ones. `count` is at least 1.
Samples some_samples(const Samples& samples, int64_t count);

}  // namespace thaw
