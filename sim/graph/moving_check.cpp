#include "sim/graph/moving_check.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/graph/folded_axes.h"
#include "sim/graph/graph_paths.h"
#include "sim/graph/operand_check.h"
#include "sim/graph/resize_axis.h"
#include "sim/graph/same_values.h"
#include "sim/graph/slice_shape.h"

namespace thaw {
namespace {

using Shape = std::vector<int32_t>;

class MovingCheck : private OperandCheck {
 public:
  MovingCheck(const Graph& graph, const Op& op) : OperandCheck(graph, op) {}

  void operator()(const Concatenation& concatenation) const {
    if (op_.inputs.empty()) fail(path() + ".inputs", "is empty");
    arity(op_.inputs.size(), op_.inputs.size());
    Shape shape = operand(0).shape;
    const size_t rank = shape.size() + (concatenation.new_axis ? 1 : 0);
    if (rank > kBroadcastAxes || concatenation.axis < 0 || concatenation.axis >= static_cast<int32_t>(rank))
      bad_input(0, "has shape " + shape_text(shape) + ", expected axis " +
                       std::to_string(concatenation.axis) + " of at most " + std::to_string(kBroadcastAxes));
    const auto axis = static_cast<size_t>(concatenation.axis);
    shape = shape_along(concatenation, shape);
    int64_t along = 0;
    bool constant = true;
    for (size_t k = 0; k < op_.inputs.size(); ++k) {
      Shape other = operand(k).shape.size() + (concatenation.new_axis ? 1 : 0) == rank
                        ? shape_along(concatenation, operand(k).shape)
                        : Shape{};
      constant = constant && present_input(k).is_constant();
      if (other.size() == shape.size()) along += std::exchange(other[axis], shape[axis]);
      if (other != shape)
        bad_input(k, "has shape " + shape_text(present_input(k).shape) + ", which does not go with " +
                         shape_text(present_input(0).shape));
      if (!same_values(present_input(k).quantization, output().quantization))
        bad_input(k, "has another scale or zero point than the output",
                  "Convert the model so that all have the same scale and zero point");
    }
    if (constant) activation(0);  // says what to do
    shape[axis] = static_cast<int32_t>(std::min<int64_t>(along, INT32_MAX));
    output_shape(shape);
  }

  void operator()(const Slice& slice) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    if (slice.axes.size() != x.shape.size())
      fail(path(), "takes from " + std::to_string(slice.axes.size()) + " axes, but the input has shape " +
                       shape_text(x.shape));
    for (size_t i = 0; i < slice.axes.size(); ++i) {
      const TakenAxis& axis = slice.axes[i];
      const int64_t last = axis.first + (int64_t{axis.count} - 1) * axis.step;
      if (axis.count < 1 || axis.step == 0 || axis.first < 0 || axis.first >= x.shape[i] || last < 0 ||
          last >= x.shape[i])
        fail(path(), "takes positions of axis " + std::to_string(i) + " that the input " +
                         shape_text(x.shape) + " does not have");
    }
    if (!kept_axes(slice, output().shape))
      bad_output(".shape is " + shape_text(output().shape) +
                 ", which is not that of what the operator takes");
    same_quantization();
    check_axes(folded_axes(x.shape, slice).sizes, kBroadcastAxes);
  }

  void operator()(const Pad& pad) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    if (pad.paddings.size() != x.shape.size())
      fail(path(), "pads " + std::to_string(pad.paddings.size()) + " axes, but the input has shape " +
                       shape_text(x.shape));
    Shape shape;
    for (size_t i = 0; i < x.shape.size(); ++i) {
      const auto [before, after] = pad.paddings[i];
      const int64_t size = int64_t{x.shape[i]} + before + after;
      if (before < 0 || after < 0 || size > INT32_MAX)
        fail(path(), "pads axis " + std::to_string(i) + " by " + std::to_string(before) + " and " +
                         std::to_string(after) + ", expected sizes from 0 within int32");
      shape.push_back(static_cast<int32_t>(size));
    }
    output_shape(shape);
    same_quantization();
    check_axes(folded_axes(x.shape, pad).sizes, kKernelAxes);
  }

  void operator()(const Reshape&) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    const Tensor& y = output();
    if (x.elements() != y.elements())
      bad_output(".shape is " + shape_text(y.shape) + ", but the input " + shape_text(x.shape) +
                 " has another number of elements");
    same_quantization();
  }

  void operator()(const Transpose& transpose) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    Shape sorted = transpose.permutation;
    std::ranges::sort(sorted);
    Shape shape;
    bool valid = sorted.size() == x.shape.size();
    for (size_t i = 0; valid && i < sorted.size(); ++i) valid = sorted[i] == static_cast<int32_t>(i);
    if (!valid)
      fail(path(), "has the permutation " + shape_text(transpose.permutation) + " for an input of shape " +
                       shape_text(x.shape) + ", expected each axis once");
    for (int32_t axis : transpose.permutation) shape.push_back(x.shape[static_cast<size_t>(axis)]);
    output_shape(shape);
    same_quantization();
    check_axes(folded_axes(x.shape, transpose).sizes, kBroadcastAxes);
  }

  void operator()(const Resize& resize) const {
    arity(1, 1);
    const Tensor& x = image(0);
    const Tensor& y = output();
    if (y.shape.size() != 4 || y.shape[0] != 1 || y.shape[3] != x.shape[3])
      bad_output(".shape is " + shape_text(y.shape) + ", expected [1,height,width," +
                 std::to_string(x.shape[3]) + "]");
    if (resize.align_corners && resize.half_pixel_centers && resize.bilinear)
      fail(path() + ".builtin_options", "has both align_corners and half_pixel_centers");
    for (const size_t axis : {size_t{1}, size_t{2}})
      if (!resize_fits(resize, x.shape[axis], y.shape[axis]))
        bad_output(".shape is " + shape_text(y.shape) + ", which " + shape_text(x.shape) +
                   " cannot be resized to without reading beyond its end");
    same_quantization();
  }
};

}  // namespace

void check_moved(const Graph& graph, const Op& op, const Concatenation& kind) {
  MovingCheck(graph, op)(kind);
}

void check_moved(const Graph& graph, const Op& op, const Slice& kind) {
  MovingCheck(graph, op)(kind);
}

void check_moved(const Graph& graph, const Op& op, const Pad& kind) {
  MovingCheck(graph, op)(kind);
}

void check_moved(const Graph& graph, const Op& op, const Reshape& kind) {
  MovingCheck(graph, op)(kind);
}

void check_moved(const Graph& graph, const Op& op, const Transpose& kind) {
  MovingCheck(graph, op)(kind);
}

void check_moved(const Graph& graph, const Op& op, const Resize& kind) {
  MovingCheck(graph, op)(kind);
}

}  // namespace thaw
