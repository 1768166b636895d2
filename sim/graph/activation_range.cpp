// Fused activations as clamps of integers.
#include "sim/graph/activation_range.h"

#include <algorithm>
#include <cmath>

namespace thaw {

ActivationRange activation_range(Activation activation, const Quantization& output) {
  ActivationRange range;
  if (activation == Activation::none) return range;
  const int32_t zero = output.zero_point();
  range.lowest = std::max(range.lowest, zero);
  if (activation == Activation::relu6) {
    const int64_t six = static_cast<int64_t>(std::round(6.0F / output.scale()));
    range.highest = static_cast<int32_t>(std::min<int64_t>(range.highest, zero + six));
  }
  return range;
}

Activation fused_activation(const OpKind& kind) {
  return std::visit(
      [](const auto& k) {
        if constexpr (requires { k.activation; })
          return k.activation;
        else
          return Activation::none;
      },
      kind);
}

}  // namespace thaw
