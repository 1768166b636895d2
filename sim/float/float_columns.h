// How a convolution's input lies in memory for the matrix product and for depthwise sums.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/plan/network.h"

namespace thaw {

/// The windows of all samples as rows of a matrix [sample][position] x [tap][input channel]: the images
/// themselves for a 1x1 convolution of stride 1, else a copy in `storage`.
const float* window_rows(const float* images, const Window& window, int32_t samples,
                         std::vector<float>& storage);

/// Depthwise input with each channel repeated depth_multiplier times, so that output c reads channel c: the
/// images themselves for multiplier 1, else a copy in `storage`.
const float* repeated_channels(const Convolution& depthwise, const float* images, int32_t samples,
                               std::vector<float>& storage);

}  // namespace thaw
