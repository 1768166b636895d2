// TFLite's names for its built-in operators, for messages.
#pragma once

#include <cstdint>
#include <string>

namespace thaw {

/// Name of a built-in operator by its number in the file format, for example 3 -> "CONV_2D". Numbers outside
/// the list give "BUILTIN_<number>". Source: enumeration BuiltinOperator of the public TFLite schema,
/// version 3.
std::string builtin_operator_name(int32_t builtin_code);

/// The operators that `read_tflite` accepts, comma-separated, for hints.
const char* supported_operator_names();

}  // namespace thaw
