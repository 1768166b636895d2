// What operators make of constants: the table behind constant folding. Rules of the operators: TensorFlow
// Lite's reference kernels. Internal to the reader.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/graph/constant_value.h"

namespace thaw {

/// One operator all of whose inputs are constants.
struct ConstantOperator {
  int32_t code = 0;  // built-in number
  const tflite::Operator& source;
  std::vector<ConstantView> inputs;  // those that are present, in order
  const tflite::Tensor& output;      // the tensor that the file gives the result
};

/// The first output; nothing where the operator, its options or the types are none that can be folded, or its
/// shapes make no sense. Supported: RESHAPE, EXPAND_DIMS, SQUEEZE, TRANSPOSE, SLICE, STRIDED_SLICE, GATHER,
/// PACK, CONCATENATION, FILL; CAST, ADD, SUB, MUL, DIV, FLOOR_DIV, MINIMUM, MAXIMUM and REDUCE_PROD of
/// integers; QUANTIZE of float32.
std::optional<ConstantValue> evaluate(const ConstantOperator& op);

}  // namespace thaw
