// What the writer puts into small constant tensors: axes, paddings, permutations, shapes, where slices begin.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw {

/// The numbers that an operator takes from a constant int32 tensor in the file.
struct SteeringConstant {
  std::string suffix;
  std::vector<int32_t> values;
  std::vector<int32_t> shape;
};

/// Of an operator, in the order in which it reads them behind its data.
std::vector<SteeringConstant> steering_constants(const Graph& graph, const Op& op);

/// The options of STRIDED_SLICE: axes along which the slice goes down to the first position, for no number
/// says where that ends; axes that an output of this shape lacks.
int32_t end_mask(const Slice& slice);
int32_t shrink_mask(const Slice& slice, const std::vector<int32_t>& shape);

}  // namespace thaw
