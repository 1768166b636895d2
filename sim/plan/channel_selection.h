// Which channels of a convolution a sparse update keeps: those whose int8 weights are largest. Source: the
// "magnitude" rule of the sparse-update paper, made exact (integer sums of squares, ties to the lower index).
#pragma once

#include <cstdint>
#include <vector>

#include "sim/plan/network.h"

namespace thaw {

/// Sum of squared int8 weights of every selectable channel: of input channel i over all output channels and
/// taps, or (depthwise) of output channel c over its taps. At most 2^14 * weights_per_channel each.
std::vector<int64_t> channel_magnitudes(const Convolution& convolution);

/// The `count` channels of largest magnitude, ascending. Requires 0 <= count <= selectable_channels().
std::vector<int32_t> select_channels_by_magnitude(const Convolution& convolution, int32_t count);

}  // namespace thaw
