// Functions of one int8 value as tables: LOGISTIC, TANH, LEAKY_RELU, RELU, RELU6, HARD_SWISH, ELU, DIV by a
// number; of QUANTIZE from int8 to int8 the slopes alone.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw {

/// The function's int8 values, of input -128 first: those of TensorFlow Lite Micro's reference kernels.
std::vector<int8_t> look_up_table(const Graph& graph, const Op& op);

/// The largest absolute slope of a table: 2^14.
inline constexpr int32_t kSlopeOne = 16384;

/// d output integer / d input integer = slopes[input + 128] * factor; 0 where the function's value, rounded,
/// leaves the range of its output. Derivatives in binary64; that of RELU and its like at their corners is 0.
struct LookUpSlopes {
  std::vector<int16_t> slopes;
  double factor = 1.0;  // never 0
};
LookUpSlopes look_up_slopes(const Graph& graph, const Op& op);

}  // namespace thaw
