// Models that are none of ours as a whole: computed in another type than int8, or with operators that Thaw
// lacks. Said before anything about single tensors, and all of it at once.
#pragma once

#include <cstdint>

#include "sim/graph/tflite_file.h"

namespace thaw {

/// Whether Thaw has the built-in operator of this number.
bool is_supported_operator(int32_t code);

/// Throws Error where the operators of the model compute in float32, uint8 or int16, where activations have a
/// type that Thaw lacks, or where some operators are not supported: the type first, then every such operator
/// with how often it occurs. Operators that are folded away do not count. Files whose indices point nowhere
/// are refused, or left to the reader.
void refuse_foreign_model(const TfliteFile& file);

}  // namespace thaw
