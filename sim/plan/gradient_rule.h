// How the gradient of an operator's output becomes that of what it reads, for operators that are neither
// convolutions nor residual adds (arithmetic section 15).
#pragma once

#include <variant>

#include "engine/kernels/pool2d.h"
#include "engine/kernels/view.h"
#include "sim/graph/id.h"

namespace thaw {

/// Rules of the input gradients of other operators, one a kernel: engine/kernels/NAME_gradient.h.
struct MaxPoolRule {
  thaw_pool2d pool = {};
  BufferId winners;
};
struct AveragePoolRule {
  thaw_pool2d pool = {};
};
struct ViewRule {
  thaw_view view = {};
};
using GradientRule = std::variant<MaxPoolRule, AveragePoolRule, ViewRule>;

}  // namespace thaw
