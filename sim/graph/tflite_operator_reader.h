// Operators of a TFLite file as typed operators. Internal to the reader.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/graph/graph.h"
#include "sim/graph/tflite_file.h"

namespace thaw {

/// Operator i with its options; its tensors are their numbers in the file, its id unset. Several where the
/// file has one operator of several outputs. The small constant tensors that only steer an operator (axes,
/// paddings, permutations) become part of it. Throws Error naming the field. EXPAND_DIMS and SQUEEZE are read
/// as the RESHAPE that they are. The operator must be one that Thaw has (foreign_model.h).
std::vector<Op> read_operator(const TfliteFile& file, size_t i);

}  // namespace thaw
