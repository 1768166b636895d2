// Geometry that kernels of several operators share: strides, views, broadcasting.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernels/binary.h"
#include "engine/kernels/view.h"
#include "sim/graph/graph.h"

namespace thaw {

/// Elements from one step along each axis to the next, last axis 1.
std::vector<int32_t> strides_of(const std::vector<int32_t>& shape);

/// All of a tensor of this shape of at most five axes, `strides` apart in the output.
thaw_view whole_view(const std::vector<int32_t>& shape, const std::vector<int32_t>& strides);

/// The elements that a slice takes, one after the other in the output.
thaw_view slice_view(const std::vector<int32_t>& shape, const Slice& slice);

/// A TRANSPOSE of at most five axes, neighbours joined.
thaw_view transpose_view(const std::vector<int32_t>& shape, const Transpose& transpose);

/// Whether an ADD is of two activations of one shape: the residual add of section 4.
bool is_residual_add(const Graph& graph, const Op& op);

/// The parameters of SUB, MUL, MAXIMUM, MINIMUM, PRELU, or an ADD that is no residual add. Source of the
/// factors: binary.h.
thaw_binary binary_of(const Graph& graph, const Op& op);

}  // namespace thaw
