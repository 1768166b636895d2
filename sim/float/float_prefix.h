// The prefix cache of the float arithmetic: the same cut and layout as the integer one, but the float forward
// pass rounds differently, so the two must not be mixed.
#pragma once

#include "sim/exec/prefix_cache.h"
#include "sim/float/float_model.h"

namespace thaw {

/// Computes the activations before `layer` with the model's own weights, for every sample and, if asked for,
/// mirrored; in parallel over samples on `threads` threads, the same for any number of them.
PrefixCache cache_float_prefix(const FloatModel& model, size_t layer, const Samples& samples, bool mirrored,
                               int32_t threads);

}  // namespace thaw
