// Operators whose result the file alone decides: SHAPE of a tensor of fixed shape, operators on constants,
// DENSIFY. They are computed once, while reading; the operators are left out. Example: Keras writes Flatten
// as SHAPE, STRIDED_SLICE, PACK and RESHAPE, of which only RESHAPE is left. Internal to the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "sim/graph/constant_value.h"

namespace thaw {

/// What folding makes of the first subgraph.
struct Folding {
  std::map<int32_t, ConstantValue> constants;  // by the tensor's number in the file
  std::vector<bool> left_out;                  // by the operator's number in the file
};

/// Folds in the order of execution. Anything odd, such as an index outside the file, is left for the checks
/// that follow: its operator stays. Operators of state variables, which are read apart
/// (state_reader.h), are left out too.
Folding fold_constants(const tflite::Model& model, const tflite::SubGraph& graph);

}  // namespace thaw
