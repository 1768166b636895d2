// The clamp that a fused activation puts on an operator's int8 output (golden/tflm/README.md, "Clamp").
#pragma once

#include "sim/graph/graph.h"

namespace thaw {

/// Smallest and largest output, both inclusive, within -128..127.
struct ActivationRange {
  int32_t lowest = -128;
  int32_t highest = 127;

  bool operator==(const ActivationRange&) const = default;
};

/// Clamp for an output tensor of this (per-tensor) quantisation; 6 / scale is a float32 division, rounded to
/// nearest with halves away from zero. The reader refuses scales so small that the quotient leaves int32.
ActivationRange activation_range(Activation activation, const Quantization& output);

/// The fused activation of an operator; `none` for kinds that have none.
Activation fused_activation(const OpKind& kind);

}  // namespace thaw
