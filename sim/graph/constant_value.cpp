#include "sim/graph/constant_value.h"

#include <cstring>
#include <utility>

namespace thaw {
namespace {

using tflite::TensorType;

struct IntegerRange {
  int64_t lowest, highest;
};

std::optional<IntegerRange> range_of(TensorType type) {
  switch (type) {
    case TensorType::INT8:
      return IntegerRange{INT8_MIN, INT8_MAX};
    case TensorType::UINT8:
      return IntegerRange{0, UINT8_MAX};
    case TensorType::BOOL:
      return IntegerRange{0, 1};
    case TensorType::INT32:
      return IntegerRange{INT32_MIN, INT32_MAX};
    case TensorType::INT64:
      return IntegerRange{INT64_MIN, INT64_MAX};
    default:
      return std::nullopt;
  }
}

}  // namespace

size_t element_bytes(TensorType type) {
  switch (type) {
    case TensorType::INT8:
    case TensorType::UINT8:
    case TensorType::BOOL:
      return 1;
    case TensorType::INT16:
    case TensorType::FLOAT16:
      return 2;
    case TensorType::INT32:
    case TensorType::FLOAT32:
      return 4;
    case TensorType::INT64:
      return 8;
    default:
      return 0;
  }
}

std::optional<int64_t> foldable_elements(std::span<const int32_t> shape) {
  int64_t elements = 1;
  for (int32_t d : shape) {
    if (d < 1) return std::nullopt;
    elements *= d;  // both below 2^31
    if (elements > kMostFoldedElements) return std::nullopt;
  }
  return elements;
}

std::optional<std::vector<int64_t>> integers_of(const ConstantView& constant) {
  const auto range = range_of(constant.type);
  if (!range) return std::nullopt;
  const size_t size = element_bytes(constant.type);
  std::vector<int64_t> numbers;
  for (size_t at = 0; at + size <= constant.bytes.size(); at += size) {
    uint64_t bits = 0;
    for (size_t k = size; k-- > 0;) bits = (bits << 8) | constant.bytes[at + k];
    const size_t unused = 64 - 8 * size;
    numbers.push_back(range->lowest < 0 ? static_cast<int64_t>(bits << unused) >> unused
                                        : static_cast<int64_t>(bits));
  }
  return numbers;
}

std::optional<ConstantValue> constant_of(TensorType type, std::vector<int32_t> shape,
                                         const std::vector<int64_t>& numbers) {
  const auto range = range_of(type);
  if (!range) return std::nullopt;
  ConstantValue value{type, std::move(shape), {}};
  const size_t size = element_bytes(type);
  for (int64_t number : numbers) {
    if (number < range->lowest || number > range->highest) return std::nullopt;
    for (size_t k = 0; k < size; ++k)
      value.bytes.push_back(static_cast<uint8_t>(static_cast<uint64_t>(number) >> (8 * k)));
  }
  return value;
}

std::vector<float> floats_of(const ConstantView& constant) {
  std::vector<float> numbers(constant.bytes.size() / sizeof(float));
  if (!numbers.empty()) std::memcpy(numbers.data(), constant.bytes.data(), numbers.size() * sizeof(float));
  return numbers;
}

}  // namespace thaw
