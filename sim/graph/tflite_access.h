// Safe access to the generated flatbuffer tables: absent vectors are empty, names are fit for messages.
// Internal to the reader.
#pragma once

#include <tflite_reduced_generated.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "sim/graph/graph_paths.h"

namespace thaw {

/// A vector of the flatbuffer as a span; absent vectors are empty. Not for 64-bit elements: the verifier
/// leaves them aligned to 4 bytes only.
template <class T>
requires(sizeof(T) <= 4) std::span<const T> values(const flatbuffers::Vector<T>* vector) {
  if (vector == nullptr) return {};
  return {vector->data(), vector->size()};
}

template <class T>
size_t count(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

/// The name in quotation marks, or "without a name".
inline std::string quoted_name(const tflite::Tensor& tensor) {
  if (tensor.name() == nullptr || tensor.name()->size() == 0) return "without a name";
  return quoted(tensor.name()->string_view());
}

/// "uint8"; "unknown" for numbers that the format does not have.
inline const char* type_name(tflite::TensorType type) {
  constexpr std::array<const char*, 18> names = {
      "float32", "float16", "int32",      "uint8",  "int64",    "string",  "bool",   "int16",  "complex64",
      "int8",    "float64", "complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4"};
  const auto index = static_cast<int>(type);
  return index >= 0 && index < static_cast<int>(names.size()) ? names[static_cast<size_t>(index)] : "unknown";
}

/// Old files have only the first of the two codes, new operators only the second.
inline int32_t builtin_code(const tflite::OperatorCode& code) {
  return std::max<int32_t>(code.deprecated_builtin_code(), code.builtin_code());
}

}  // namespace thaw
