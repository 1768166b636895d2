// Whether an operator that only copies or averages may take values from one tensor to another.
#pragma once

#include "sim/graph/graph.h"

namespace thaw {

/// Equal zero points, and scales at most 1e-6 apart, as the pools of TensorFlow Lite Micro have it:
/// converters write scales that differ in the last bit of a float.
inline bool same_values(const Quantization& a, const Quantization& b) {
  const double apart = static_cast<double>(a.scale()) - static_cast<double>(b.scale());
  return a.zero_point() == b.zero_point() && apart <= 1e-6 && apart >= -1e-6;
}

}  // namespace thaw
