// Where the positions of a resized axis read: the rules of TensorFlow Lite Micro's reference kernels.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw {

/// RESIZE_NEAREST_NEIGHBOR: input position y is read by the output positions result[y] .. result[y + 1] - 1.
/// The position that an output reads is computed in float32.
std::vector<int32_t> nearest_readers(const Resize& resize, int32_t in, int32_t out);

/// RESIZE_BILINEAR: of each output position the two input positions that it lies between, and the weight of
/// the second in 1/1024.
std::vector<int32_t> bilinear_positions(const Resize& resize, int32_t in, int32_t out);

/// Whether the table reads inside the axis; the reference kernels do not ask.
bool resize_fits(const Resize& resize, int32_t in, int32_t out);

}  // namespace thaw
