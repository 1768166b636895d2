// SLICE, STRIDED_SLICE, SPLIT, SPLIT_V and UNPACK of a file, each output an operator of its own. Internal to
// the reader.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/graph/tflite_operator_source.h"

namespace thaw {

/// Whether an operator of this number is one of them.
bool is_read_as_slices(int32_t builtin_code);

/// One Slice for each output. Throws Error where what they take is not there.
std::vector<Op> read_slices(const OperatorSource& source);

}  // namespace thaw
