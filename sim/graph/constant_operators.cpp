#include "sim/graph/constant_operators.h"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <utility>

#include "sim/graph/constant_arithmetic.h"
#include "sim/graph/taken_elements.h"
#include "sim/graph/tflite_access.h"

namespace thaw {
namespace {

using Shape = std::vector<int32_t>;
using Result = std::optional<ConstantValue>;

/// A small constant that steers an operator: axes, a new shape, places.
std::optional<std::vector<int64_t>> steering(const ConstantOperator& op, size_t input) {
  if (input >= op.inputs.size()) return std::nullopt;
  return integers_of(op.inputs[input]);
}

/// An axis counted from the end where negative; nothing where there is none.
std::optional<size_t> axis_of(int64_t axis, size_t rank) {
  const auto axes = static_cast<int64_t>(rank);
  if (axis < -axes || axis >= axes) return std::nullopt;
  return static_cast<size_t>(axis < 0 ? axis + axes : axis);
}

int64_t product(std::span<const int32_t> shape) {
  int64_t elements = 1;
  for (int32_t d : shape) elements *= d;
  return elements;
}

/// Elements between neighbours along each axis.
std::vector<int64_t> steps_of(const Shape& shape) {
  std::vector<int64_t> steps(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) steps[i - 1] = steps[i] * shape[i];
  return steps;
}

/// The element at a + sum of i_k * steps[k] for every position i of `shape`, in order. All of them must be
/// inside the constant.
Result taken(const ConstantView& from, int64_t first, Shape shape, const std::vector<int64_t>& steps) {
  const auto elements = foldable_elements(shape);
  if (!elements) return std::nullopt;
  const size_t size = element_bytes(from.type);
  ConstantValue value{from.type, std::move(shape), {}};
  std::vector<int32_t> at(value.shape.size(), 0);
  int64_t place = first;
  for (int64_t n = 0; n < *elements; ++n) {
    const auto bytes = from.bytes.subspan(static_cast<size_t>(place) * size, size);
    value.bytes.insert(value.bytes.end(), bytes.begin(), bytes.end());
    for (size_t axis = at.size(); axis-- > 0;) {
      place += steps[axis];
      if (++at[axis] < value.shape[axis]) break;
      place -= steps[axis] * value.shape[axis];
      at[axis] = 0;
    }
  }
  return value;
}

/// RESHAPE, EXPAND_DIMS, SQUEEZE: the bytes in the shape that the file gives the result.
Result renamed(const ConstantOperator& op) {
  const std::span<const int32_t> stored = values(op.output.shape());
  Shape shape(stored.begin(), stored.end());
  const ConstantView& x = op.inputs[0];
  if (foldable_elements(shape) != foldable_elements(x.shape)) return std::nullopt;
  return ConstantValue{x.type, std::move(shape), {x.bytes.begin(), x.bytes.end()}};
}

Result transposed(const ConstantOperator& op) {
  const auto permutation = steering(op, 1);
  const ConstantView& x = op.inputs[0];
  if (!permutation || permutation->size() != x.shape.size()) return std::nullopt;
  const std::vector<int64_t> steps = steps_of(x.shape);
  Shape shape;
  std::vector<int64_t> moved;
  std::vector<bool> seen(x.shape.size(), false);
  for (int64_t p : *permutation) {
    const auto axis = axis_of(p, x.shape.size());
    if (!axis || seen[*axis]) return std::nullopt;
    seen[*axis] = true;
    shape.push_back(x.shape[*axis]);
    moved.push_back(steps[*axis]);
  }
  return taken(x, 0, std::move(shape), moved);
}

/// The elements that an operator takes, in the shape that they have.
Result taken_from(const ConstantView& from, const std::optional<TakenElements>& elements) {
  if (!elements) return std::nullopt;
  std::vector<int64_t> steps = steps_of(from.shape);
  Shape shape;
  int64_t first = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const TakenAxis& axis = elements->axes[i];
    first += axis.first * steps[i];
    steps[i] *= axis.step;
    shape.push_back(axis.count);
  }
  Result result = taken(from, first, std::move(shape), steps);
  if (result) result->shape = elements->shape;
  return result;
}

Result sliced(const ConstantOperator& op) {
  const auto begin = steering(op, 1), size = steering(op, 2);
  if (!begin || !size) return std::nullopt;
  return taken_from(op.inputs[0], sliced_elements(op.inputs[0].shape, *begin, *size));
}

Result strided(const ConstantOperator& op) {
  const auto* options = op.source.builtin_options_as_StridedSliceOptions();
  const auto begin = steering(op, 1), end = steering(op, 2), strides = steering(op, 3);
  if (options == nullptr || !begin || !end || !strides) return std::nullopt;
  const SliceMasks masks{options->begin_mask(),    options->end_mask(),         options->ellipsis_mask(),
                         options->new_axis_mask(), options->shrink_axis_mask(), options->offset()};
  return taken_from(op.inputs[0], strided_elements(op.inputs[0].shape, *begin, *end, *strides, masks));
}

Result gathered(const ConstantOperator& op) {
  const auto* options = op.source.builtin_options_as_GatherOptions();
  const auto places = steering(op, 1);
  const ConstantView& x = op.inputs[0];
  if (options == nullptr || options->batch_dims() != 0 || !places) return std::nullopt;
  const auto axis = axis_of(options->axis(), x.shape.size());
  if (!axis) return std::nullopt;
  Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(*axis));
  const int64_t outer = product(shape);
  shape.insert(shape.end(), op.inputs[1].shape.begin(), op.inputs[1].shape.end());
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(*axis) + 1, x.shape.end());
  if (!foldable_elements(shape)) return std::nullopt;
  const size_t block = x.bytes.size() / static_cast<size_t>(outer * x.shape[*axis]);
  ConstantValue value{x.type, std::move(shape), {}};
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t place : *places) {
      if (place < 0 || place >= x.shape[*axis]) return std::nullopt;
      const auto bytes = x.bytes.subspan(static_cast<size_t>(o * x.shape[*axis] + place) * block, block);
      value.bytes.insert(value.bytes.end(), bytes.begin(), bytes.end());
    }
  return value;
}

/// The inputs one behind the other along an axis of `shape`, whose sizes before it are `outer` in all.
Result joined(const ConstantOperator& op, Shape shape, int64_t outer) {
  if (!foldable_elements(shape)) return std::nullopt;
  ConstantValue value{op.inputs[0].type, std::move(shape), {}};
  for (int64_t o = 0; o < outer; ++o)
    for (const ConstantView& x : op.inputs) {
      const size_t block = x.bytes.size() / static_cast<size_t>(outer);
      const auto bytes = x.bytes.subspan(static_cast<size_t>(o) * block, block);
      value.bytes.insert(value.bytes.end(), bytes.begin(), bytes.end());
    }
  return value;
}

Result packed(const ConstantOperator& op) {
  const auto* options = op.source.builtin_options_as_PackOptions();
  if (options == nullptr) return std::nullopt;
  Shape shape = op.inputs[0].shape;
  const auto axis = axis_of(options->axis(), shape.size() + 1);
  for (const ConstantView& x : op.inputs)
    if (x.shape != shape || x.type != op.inputs[0].type) return std::nullopt;
  if (!axis) return std::nullopt;
  const int64_t outer = product(std::span(shape).first(*axis));
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(*axis), static_cast<int32_t>(op.inputs.size()));
  return joined(op, std::move(shape), outer);
}

Result concatenated(const ConstantOperator& op) {
  const auto* options = op.source.builtin_options_as_ConcatenationOptions();
  if (options == nullptr || options->fused_activation_function() != tflite::ActivationFunctionType::NONE)
    return std::nullopt;
  Shape shape = op.inputs[0].shape;
  const auto axis = axis_of(options->axis(), shape.size());
  if (!axis) return std::nullopt;
  int64_t size = 0;
  for (const ConstantView& x : op.inputs) {
    if (x.shape.size() != shape.size() || x.type != op.inputs[0].type) return std::nullopt;
    for (size_t i = 0; i < shape.size(); ++i)
      if (i != *axis && x.shape[i] != shape[i]) return std::nullopt;
    size += x.shape[*axis];
  }
  if (size > INT32_MAX) return std::nullopt;
  shape[*axis] = static_cast<int32_t>(size);
  const int64_t outer = product(std::span(shape).first(*axis));
  return joined(op, std::move(shape), outer);
}

Result filled(const ConstantOperator& op) {
  const auto sizes = steering(op, 0);
  if (!sizes || op.inputs.size() != 2 || !op.inputs[1].shape.empty()) return std::nullopt;
  Shape shape;
  for (int64_t size : *sizes) {
    if (size < 1 || size > kMostFoldedElements) return std::nullopt;
    shape.push_back(static_cast<int32_t>(size));
  }
  const std::vector<int64_t> still(shape.size(), 0);
  return taken(op.inputs[1], 0, std::move(shape), still);
}

/// By built-in number.
const std::map<int32_t, std::function<Result(const ConstantOperator&)>>& table() {
  static const std::map<int32_t, std::function<Result(const ConstantOperator&)>> kTable = {
      {0, folded_arithmetic},
      {2, concatenated},
      {18, folded_arithmetic},
      {22, renamed},
      {36, gathered},
      {39, transposed},
      {41, folded_arithmetic},
      {42, folded_arithmetic},
      {43, renamed},
      {45, strided},
      {53, folded_cast},
      {55, folded_arithmetic},
      {57, folded_arithmetic},
      {65, sliced},
      {70, renamed},
      {81, folded_reduce_prod},
      {83, packed},
      {90, folded_arithmetic},
      {94, filled},
      {114, folded_quantize},
  };
  return kTable;
}

/// Whether there are as many bytes as the shape says; a file may say anything.
bool is_whole(const ConstantView& constant) {
  const std::optional<int64_t> elements = foldable_elements(constant.shape);
  return elements && constant.bytes.size() == static_cast<size_t>(*elements) * element_bytes(constant.type);
}

}  // namespace

std::optional<ConstantValue> evaluate(const ConstantOperator& op) {
  const auto rule = table().find(op.code);
  if (rule == table().end() || op.inputs.empty()) return std::nullopt;
  if (!std::all_of(op.inputs.begin(), op.inputs.end(), is_whole)) return std::nullopt;
  return rule->second(op);
}

}  // namespace thaw
