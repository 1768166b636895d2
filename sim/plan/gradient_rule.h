// How the gradient of an operator's output becomes that of what it reads, for operators that are neither
// convolutions nor residual adds (arithmetic section 15).
#pragma once

#include <variant>

#include "engine/kernels/binary.h"
#include "engine/kernels/pool2d.h"
#include "engine/kernels/resize.h"
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
/// `first_values`, `second_values`: the inputs, where the rule reads them.
struct BinaryRule {
  thaw_binary binary = {};
  bool of_second = false;
  BufferId first_values, second_values;
};
/// `slopes`: constant int16 [256].
struct TableRule {
  BufferId slopes, input;
};
/// `rows`, `columns`: those of the forward pass.
struct ResizeRule {
  thaw_resize resize = {};
  BufferId rows, columns;
};
using GradientRule = std::variant<MaxPoolRule, AveragePoolRule, ViewRule, BinaryRule, TableRule, ResizeRule>;

}  // namespace thaw
