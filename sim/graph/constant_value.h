// Constants of any type of the file format, as the folding of operators on constants sees them. Internal to
// the reader.
#pragma once

#include <tflite_reduced_generated.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace thaw {

/// A constant of the file: bytes little endian, in the order of the shape.
struct ConstantView {
  tflite::TensorType type = tflite::TensorType::INT32;
  std::vector<int32_t> shape;
  std::span<const uint8_t> bytes;
};

/// A constant that an operator on constants makes.
struct ConstantValue {
  tflite::TensorType type = tflite::TensorType::INT32;
  std::vector<int32_t> shape;
  std::vector<uint8_t> bytes;
};

/// Most elements of one folded constant, and most bytes of all of a file: hostile files must not make us
/// allocate more.
inline constexpr int64_t kMostFoldedElements = int64_t{16} << 20;
inline constexpr int64_t kMostFoldedBytes = int64_t{64} << 20;

/// Bytes of one element; 0 for types that are never folded.
size_t element_bytes(tflite::TensorType type);

/// Product of the shape; nothing where a size is below 1 or the product above kMostFoldedElements.
std::optional<int64_t> foldable_elements(std::span<const int32_t> shape);

/// The numbers of an int8, uint8, bool, int32 or int64 constant; nothing for other types.
std::optional<std::vector<int64_t>> integers_of(const ConstantView& constant);

/// The numbers as a constant of type int8, uint8, bool, int32 or int64; nothing where one does not fit or the
/// type is another.
std::optional<ConstantValue> constant_of(tflite::TensorType type, std::vector<int32_t> shape,
                                         const std::vector<int64_t>& numbers);

/// The elements of a float32 constant.
std::vector<float> floats_of(const ConstantView& constant);

}  // namespace thaw
