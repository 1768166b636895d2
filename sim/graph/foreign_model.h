// Models that are none of ours as a whole: computed in another type than int8, or with operators that Thaw
// lacks. Said before anything about single tensors, and all of it at once.
#pragma once

#include <string>

namespace thaw {

namespace tflite {
struct Model;  // generated from tflite_reduced.fbs
}

/// Throws Error where the operators of the model's one subgraph compute in float32, uint8 or int16, where
/// only its ends are uint8, or where some operators are not supported: the type first, then every such
/// operator with how often it occurs. Files whose indices point nowhere are refused, or left to the reader.
void refuse_foreign_model(const tflite::Model& model, const std::string& file_name);

}  // namespace thaw
