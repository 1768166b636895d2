#include "sim/graph/tflite_slice_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/graph/taken_elements.h"

namespace thaw {
namespace {

constexpr int32_t kStridedSlice = 45, kSplit = 49, kSlice = 65, kUnpack = 88, kSplitV = 102;

std::vector<int64_t> wide(const std::vector<int32_t>& numbers) {
  return {numbers.begin(), numbers.end()};
}

Op one_slice(const OperatorSource& source, const std::optional<TakenElements>& taken) {
  if (source.outputs().size() != 1)
    source.fail(".outputs", "holds " + std::to_string(source.outputs().size()) + " tensors, expected 1");
  if (!taken) source.fail("", "takes elements that its input does not have");
  if (!std::ranges::equal(taken->shape, source.output_shape(0)))
    source.fail(".outputs[0]", "has another shape than what the operator takes");
  return source.op(Slice{taken->axes}, {source.inputs()[0]}, source.outputs());
}

Op read_slice(const OperatorSource& source) {
  source.expect_inputs(3, "the data, where to begin, and sizes");
  return one_slice(source, sliced_elements(source.input_shape(0), wide(source.integers(1, "beginning")),
                                           wide(source.integers(2, "sizes"))));
}

Op read_strided_slice(const OperatorSource& source) {
  source.expect_inputs(4, "the data, where to begin and end, and strides");
  const auto& options = source.options<tflite::StridedSliceOptions>();
  if (options.new_axis_mask() != 0)
    source.fail(".builtin_options.new_axis_mask", "is not 0",
                "Convert the model with the new axis made by tf.expand_dims");
  const SliceMasks masks{options.begin_mask(),    options.end_mask(),         options.ellipsis_mask(),
                         options.new_axis_mask(), options.shrink_axis_mask(), options.offset()};
  return one_slice(
      source, strided_elements(source.input_shape(0), wide(source.integers(1, "beginning")),
                               wide(source.integers(2, "end")), wide(source.integers(3, "strides")), masks));
}

/// One operator for each output, `sizes` positions along the axis each.
std::vector<Op> parts(const OperatorSource& source, size_t data, size_t axis,
                      const std::vector<int64_t>& sizes) {
  const std::span<const int32_t> shape = source.input_shape(data);
  std::vector<Op> ops;
  int64_t first = 0;
  for (size_t k = 0; k < sizes.size(); ++k) {
    if (sizes[k] < 1 || first + sizes[k] > shape[axis])
      source.fail("", "takes elements that its input does not have");
    Slice slice;
    for (int32_t size : shape) slice.axes.push_back({0, 1, size});
    slice.axes[axis] = {static_cast<int32_t>(first), 1, static_cast<int32_t>(sizes[k])};
    ops.push_back(source.op(std::move(slice), {source.inputs()[data]}, {source.outputs()[k]}));
    first += sizes[k];
  }
  if (first != shape[axis]) source.fail("", "leaves elements of its input out");
  return ops;
}

/// A steering constant of one number.
int32_t number(const OperatorSource& source, size_t k, const char* meaning) {
  const std::vector<int32_t> numbers = source.integers(k, meaning);
  if (numbers.size() != 1)
    source.fail(".inputs[" + std::to_string(k) + "]",
                "holds " + std::to_string(numbers.size()) + " numbers, expected 1");
  return numbers[0];
}

std::vector<Op> read_split(const OperatorSource& source) {
  source.expect_inputs(2, "the axis and the data");
  const std::span<const int32_t> shape = source.input_shape(1);
  const auto axis =
      static_cast<size_t>(source.axis_of(number(source, 0, "axis"), shape.size(), ".inputs[0]"));
  const size_t count = source.outputs().size();
  if (count == 0) source.fail(".outputs", "is empty");
  return parts(source, 1, axis, std::vector<int64_t>(count, shape[axis] / static_cast<int64_t>(count)));
}

std::vector<Op> read_split_v(const OperatorSource& source) {
  source.expect_inputs(3, "the data, the sizes and the axis");
  const std::span<const int32_t> shape = source.input_shape(0);
  const auto axis =
      static_cast<size_t>(source.axis_of(number(source, 2, "axis"), shape.size(), ".inputs[2]"));
  std::vector<int64_t> sizes = wide(source.integers(1, "sizes"));
  if (sizes.size() != source.outputs().size())
    source.fail(".inputs[1]", "holds " + std::to_string(sizes.size()) + " sizes for " +
                                  std::to_string(source.outputs().size()) + " outputs");
  // One size may be -1: what the others leave.
  const auto rest = std::ranges::find(sizes, -1);
  if (rest != sizes.end()) {
    int64_t others = 0;
    for (int64_t size : sizes) others += size == -1 ? 0 : size;
    *rest = shape[axis] - others;
  }
  return parts(source, 0, axis, sizes);
}

std::vector<Op> read_unpack(const OperatorSource& source) {
  source.expect_inputs(1, "the data");
  const std::span<const int32_t> shape = source.input_shape(0);
  const auto axis = static_cast<size_t>(
      source.axis_of(source.options<tflite::UnpackOptions>().axis(), shape.size(), ".builtin_options.axis"));
  return parts(source, 0, axis, std::vector<int64_t>(source.outputs().size(), 1));
}

}  // namespace

bool is_read_as_slices(int32_t builtin_code) {
  return builtin_code == kStridedSlice || builtin_code == kSplit || builtin_code == kSlice ||
         builtin_code == kUnpack || builtin_code == kSplitV;
}

std::vector<Op> read_slices(const OperatorSource& source) {
  switch (source.number()) {
    case kStridedSlice:
      return {read_strided_slice(source)};
    case kSlice:
      return {read_slice(source)};
    case kSplit:
      return read_split(source);
    case kSplitV:
      return read_split_v(source);
    default:
      return read_unpack(source);
  }
}

}  // namespace thaw
