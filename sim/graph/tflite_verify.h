// Whether all offsets of a TFLite flatbuffer stay inside the file, and if not, which one leaves it.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace thaw {

namespace tflite {
struct Model;  // generated from tflite_reduced.fbs
}

/// The root table, after every table, vector and string that we may read was checked to lie inside `bytes`.
/// `bytes` must start at a multiple of 16 and outlive the result. Throws Error naming byte offset and field.
const tflite::Model& verified_tflite(std::span<const std::byte> bytes, const std::string& file_name);

}  // namespace thaw
