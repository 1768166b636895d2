// Operators that compute with constants, rather than move them: of the table in constant_operators.cpp.
// Rules: TensorFlow Lite's reference kernels. Internal to the reader.
#pragma once

#include <optional>

#include "sim/graph/constant_operators.h"

namespace thaw {

/// ADD, SUB, MUL, DIV (towards zero), FLOOR_DIV, MINIMUM and MAXIMUM of int32 or int64, as shapes are
/// computed; one side may be a single number. Nothing where the result does not fit the type.
std::optional<ConstantValue> folded_arithmetic(const ConstantOperator& op);

/// CAST between int8, uint8, bool, int32, int64 and float32; from float32 towards zero.
std::optional<ConstantValue> folded_cast(const ConstantOperator& op);

/// REDUCE_PROD of all elements of an int32 or int64 constant.
std::optional<ConstantValue> folded_reduce_prod(const ConstantOperator& op);

/// QUANTIZE of float32 to int8 with one scale: clamp(round(x / scale) + zero point).
std::optional<ConstantValue> folded_quantize(const ConstantOperator& op);

}  // namespace thaw
