// TFLite's names for its built-in operators, for messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/graph/graph.h"

namespace thaw {

/// Name of a built-in operator by its number in the file format, for example 3 -> "CONV_2D". Numbers outside
/// the list give "BUILTIN_<number>". Source: enumeration BuiltinOperator of the public TFLite schema,
/// version 3.
std::string builtin_operator_name(int32_t builtin_code);

/// The number of a function's operator in the file format, and the function of a number; nothing for others.
int32_t builtin_number(BinaryFunction function);
int32_t builtin_number(UnaryFunction function);
std::optional<BinaryFunction> binary_function(int32_t builtin_code);
std::optional<UnaryFunction> unary_function(int32_t builtin_code);

/// The operators that `read_tflite` accepts, comma-separated, for hints.
const char* supported_operator_names();

}  // namespace thaw
