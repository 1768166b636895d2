#include "sim/graph/constant_arithmetic.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "sim/graph/tflite_access.h"

namespace thaw {
namespace {

using tflite::TensorType;
using Result = std::optional<ConstantValue>;
using Numbers = std::vector<int64_t>;

/// Nothing where it leaves int64.
std::optional<int64_t> computed(int32_t code, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (code) {
    case 0:
      return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case 41:
      return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case 18:
      return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case 55:
      return std::max(a, b);
    case 57:
      return std::min(a, b);
    default: {  // 42 and 90
      if (b == 0 || (b == -1 && a == INT64_MIN)) return std::nullopt;
      const int64_t quotient = a / b;
      const bool below = a % b != 0 && (a < 0) != (b < 0);
      return code == 90 && below ? quotient - 1 : quotient;
    }
  }
}

/// Whether the operator clamps its result, or says nothing about it.
bool may_clamp(const ConstantOperator& op) {
  using tflite::ActivationFunctionType;
  switch (op.code) {
    case 0:
      return op.source.builtin_options_as_AddOptions() == nullptr ||
             op.source.builtin_options_as_AddOptions()->fused_activation_function() !=
                 ActivationFunctionType::NONE;
    case 18:
      return op.source.builtin_options_as_MulOptions() == nullptr ||
             op.source.builtin_options_as_MulOptions()->fused_activation_function() !=
                 ActivationFunctionType::NONE;
    case 41:
      return op.source.builtin_options_as_SubOptions() == nullptr ||
             op.source.builtin_options_as_SubOptions()->fused_activation_function() !=
                 ActivationFunctionType::NONE;
    case 42:
      return op.source.builtin_options_as_DivOptions() == nullptr ||
             op.source.builtin_options_as_DivOptions()->fused_activation_function() !=
                 ActivationFunctionType::NONE;
    default:
      return false;
  }
}

bool is_wide(TensorType type) {
  return type == TensorType::INT32 || type == TensorType::INT64;
}

/// The scale and zero point of a tensor with one scale.
struct OneScale {
  float scale;
  int64_t zero_point;
};

std::optional<OneScale> one_scale(const tflite::Tensor& tensor) {
  const tflite::QuantizationParameters* q = tensor.quantization();
  if (q == nullptr || q->details_type() != 0 || count(q->scale()) != 1 || count(q->zero_point()) > 1)
    return std::nullopt;
  int64_t zero_point = 0;
  if (count(q->zero_point()) == 1)
    std::memcpy(&zero_point, q->zero_point()->data(), sizeof zero_point);  // aligned to 4 bytes only
  const float scale = q->scale()->Get(0);
  if (!std::isfinite(scale) || scale <= 0.0F || zero_point < INT8_MIN || zero_point > UINT8_MAX)
    return std::nullopt;
  return OneScale{scale, zero_point};
}

ConstantValue float_constant(std::vector<int32_t> shape, const std::vector<float>& numbers) {
  ConstantValue value{TensorType::FLOAT32, std::move(shape), {}};
  value.bytes.resize(numbers.size() * sizeof(float));
  if (!numbers.empty()) std::memcpy(value.bytes.data(), numbers.data(), value.bytes.size());
  return value;
}

}  // namespace

Result folded_arithmetic(const ConstantOperator& op) {
  if (op.inputs.size() != 2 || may_clamp(op)) return std::nullopt;
  const ConstantView &a = op.inputs[0], &b = op.inputs[1];
  if (a.type != b.type || !is_wide(a.type)) return std::nullopt;
  const std::optional<Numbers> left = integers_of(a), right = integers_of(b);
  if (!left || !right) return std::nullopt;
  const bool one_left = left->size() == 1, one_right = right->size() == 1;
  if (a.shape != b.shape && !one_left && !one_right) return std::nullopt;
  Numbers results;
  for (size_t i = 0; i < std::max(left->size(), right->size()); ++i) {
    const auto result = computed(op.code, (*left)[one_left ? 0 : i], (*right)[one_right ? 0 : i]);
    if (!result) return std::nullopt;
    results.push_back(*result);
  }
  // Of two single numbers the one with more axes has the result's shape.
  const bool like_left = one_left == one_right ? a.shape.size() >= b.shape.size() : one_right;
  return constant_of(a.type, like_left ? a.shape : b.shape, results);
}

Result folded_cast(const ConstantOperator& op) {
  if (op.inputs.size() != 1) return std::nullopt;
  const ConstantView& x = op.inputs[0];
  const TensorType type = op.output.type();
  if (x.type != TensorType::FLOAT32) {
    std::optional<Numbers> numbers = integers_of(x);
    if (!numbers) return std::nullopt;
    if (type == TensorType::FLOAT32)
      return float_constant(x.shape, std::vector<float>(numbers->begin(), numbers->end()));
    if (type == TensorType::BOOL)
      for (int64_t& n : *numbers) n = n != 0 ? 1 : 0;
    return constant_of(type, x.shape, *numbers);
  }
  if (type == TensorType::FLOAT32) return ConstantValue{type, x.shape, {x.bytes.begin(), x.bytes.end()}};
  if (type == TensorType::BOOL) return std::nullopt;
  Numbers numbers;
  for (float v : floats_of(x)) {
    if (!(std::abs(v) < 9.0e18F)) return std::nullopt;
    numbers.push_back(static_cast<int64_t>(v));
  }
  return constant_of(type, x.shape, numbers);
}

Result folded_reduce_prod(const ConstantOperator& op) {
  const auto* options = op.source.builtin_options_as_ReducerOptions();
  if (options == nullptr || op.inputs.size() != 2) return std::nullopt;
  const ConstantView& x = op.inputs[0];
  const std::optional<Numbers> numbers = integers_of(x), axes = integers_of(op.inputs[1]);
  if (!numbers || !axes || !is_wide(x.type) || x.shape.size() != 1 || axes->size() != 1 ||
      ((*axes)[0] != 0 && (*axes)[0] != -1))
    return std::nullopt;
  int64_t all = 1;
  for (int64_t n : *numbers)
    if (__builtin_mul_overflow(all, n, &all)) return std::nullopt;
  return constant_of(x.type, options->keep_dims() ? std::vector<int32_t>{1} : std::vector<int32_t>{}, {all});
}

Result folded_quantize(const ConstantOperator& op) {
  const auto q = one_scale(op.output);
  if (!q || op.inputs.size() != 1 || op.inputs[0].type != TensorType::FLOAT32 ||
      op.output.type() != TensorType::INT8)
    return std::nullopt;
  Numbers numbers;
  for (float v : floats_of(op.inputs[0])) {
    if (std::isnan(v)) return std::nullopt;
    const float nearest = std::clamp(std::round(v / q->scale), -1e6F, 1e6F);
    numbers.push_back(std::clamp<int64_t>(static_cast<int64_t>(nearest) + q->zero_point, INT8_MIN, INT8_MAX));
  }
  return constant_of(TensorType::INT8, op.inputs[0].shape, numbers);
}

}  // namespace thaw
