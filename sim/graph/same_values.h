// Whether an operator that only copies or averages may take values from one tensor to another, and which
// operators decide the scale of their output themselves.
#pragma once

#include <variant>

#include "sim/graph/graph.h"

namespace thaw {

/// Equal zero points, and scales at most 1e-6 apart, as the pools of TensorFlow Lite Micro have it:
/// converters write scales that differ in the last bit of a float.
inline bool same_values(const Quantization& a, const Quantization& b) {
  const double apart = static_cast<double>(a.scale()) - static_cast<double>(b.scale());
  return a.zero_point() == b.zero_point() && apart <= 1e-6 && apart >= -1e-6;
}

/// Whether QUANTIZE from `a` to `b` gives every int8 value back: their scales differ by so little that no
/// value is half a step away, and their zero points are equal. So it is between the uint8 and the int8 of a
/// model's ends.
inline bool requantizes_to_itself(const Quantization& a, const Quantization& b) {
  const double ratio = static_cast<double>(a.scale()) / static_cast<double>(b.scale());
  constexpr double kLargestStep = 255.0;  // from the zero point
  return a.zero_point() == b.zero_point() && kLargestStep * (ratio - 1.0) < 0.25 &&
         kLargestStep * (ratio - 1.0) > -0.25;
}

/// Whether the output's scale and zero point belong to the operator: 1/256 and -128 of SOFTMAX and LOGISTIC,
/// 1/128 and 0 of TANH.
inline bool has_fixed_output_scale(const OpKind& kind) {
  const auto* unary = std::get_if<Unary>(&kind);
  return std::holds_alternative<Softmax>(kind) ||
         (unary != nullptr &&
          (unary->function == UnaryFunction::logistic || unary->function == UnaryFunction::tanh));
}

}  // namespace thaw
