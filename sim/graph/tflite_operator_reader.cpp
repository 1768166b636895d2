#include "sim/graph/tflite_operator_reader.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/graph/tflite_operator_source.h"
#include "sim/graph/tflite_recurrent_reader.h"
#include "sim/graph/tflite_slice_reader.h"

namespace thaw {
namespace {

Padding padding(const OperatorSource& source, tflite::Padding value) {
  if (value == tflite::Padding::SAME) return Padding::same;
  if (value == tflite::Padding::VALID) return Padding::valid;
  source.fail(".builtin_options.padding",
              "is number " + std::to_string(static_cast<int>(value)) + ", expected 0 (SAME) or 1 (VALID)");
}

// Reads the options of one operator; `inputs` lose the tensors that only steer it.
class OperatorReader {
 public:
  explicit OperatorReader(const OperatorSource& source) : source_(source), inputs_(source.inputs()) {}

  Op read() {
    OpKind kind = read_kind();
    return source_.op(std::move(kind), inputs_, source_.outputs());
  }

 private:
  OpKind read_kind() {
    if (const auto function = binary_function(source_.number())) return read_binary(*function);
    if (const auto function = unary_function(source_.number())) return read_unary(*function);
    switch (source_.number()) {
      case 0:
        return Add{activation(source_.options<tflite::AddOptions>().fused_activation_function())};
      case 1:
        return read_pool<AveragePool2d>();
      case 2:
        return read_concatenation();
      case 3:
        return read_conv();
      case 4:
        return read_depthwise();
      case 6:
        return Dequantize{};
      case 9:
        return read_fully_connected();
      case 17:
        return read_pool<MaxPool2d>();
      case 22:
        return read_reshape();
      case 23:
        return read_resize<tflite::ResizeBilinearOptions>(true);
      case 25:
        return Softmax{source_.options<tflite::SoftmaxOptions>().beta()};
      case 34:
        return read_pad();
      case 39:
        return Transpose{take_integers("the data and the permutation", "permutation")};
      case 40:
        return read_mean();
      case 43:  // SQUEEZE
      case 70:  // EXPAND_DIMS
        return read_renaming();
      case 83:
        return read_pack();
      case 97:
        return read_resize<tflite::ResizeNearestNeighborOptions>(false);
      default:
        return Quantize{};  // 114, the last that is supported
    }
  }

  Activation activation(tflite::ActivationFunctionType type) const {
    switch (type) {
      case tflite::ActivationFunctionType::NONE:
        return Activation::none;
      case tflite::ActivationFunctionType::RELU:
        return Activation::relu;
      case tflite::ActivationFunctionType::RELU6:
        return Activation::relu6;
      default:
        source_.fail(".builtin_options.fused_activation_function",
                     "is number " + std::to_string(static_cast<int>(type)) +
                         ", expected 0 (NONE), 1 (RELU) or 3 (RELU6)",
                     "Convert the model with one of these activations");
    }
  }

  OpKind read_conv() const {
    const auto& o = source_.options<tflite::Conv2DOptions>();
    return Conv2d{.padding = padding(source_, o.padding()),
                  .stride_height = o.stride_h(),
                  .stride_width = o.stride_w(),
                  .dilation_height = o.dilation_h_factor(),
                  .dilation_width = o.dilation_w_factor(),
                  .activation = activation(o.fused_activation_function())};
  }

  OpKind read_depthwise() const {
    const auto& o = source_.options<tflite::DepthwiseConv2DOptions>();
    return DepthwiseConv2d{.padding = padding(source_, o.padding()),
                           .stride_height = o.stride_h(),
                           .stride_width = o.stride_w(),
                           .dilation_height = o.dilation_h_factor(),
                           .dilation_width = o.dilation_w_factor(),
                           .depth_multiplier = o.depth_multiplier(),
                           .activation = activation(o.fused_activation_function())};
  }

  OpKind read_fully_connected() const {
    const auto& o = source_.options<tflite::FullyConnectedOptions>();
    if (o.weights_format() != 0)
      source_.fail(".builtin_options.weights_format",
                   "is number " + std::to_string(o.weights_format()) + ", expected 0 (row-major weights)");
    return FullyConnected{.activation = activation(o.fused_activation_function()),
                          .keep_num_dims = o.keep_num_dims()};
  }

  template <class Pool>
  OpKind read_pool() const {
    const auto& o = source_.options<tflite::Pool2DOptions>();
    return Pool{.padding = padding(source_, o.padding()),
                .stride_height = o.stride_h(),
                .stride_width = o.stride_w(),
                .filter_height = o.filter_height(),
                .filter_width = o.filter_width(),
                .activation = activation(o.fused_activation_function())};
  }

  OpKind read_binary(BinaryFunction function) const {
    if (function == BinaryFunction::sub)
      return Binary{function, activation(source_.options<tflite::SubOptions>().fused_activation_function())};
    if (function == BinaryFunction::mul)
      return Binary{function, activation(source_.options<tflite::MulOptions>().fused_activation_function())};
    return Binary{function, Activation::none};
  }

  OpKind read_unary(UnaryFunction function) const {
    if (function == UnaryFunction::leaky_relu)
      return Unary{function, source_.options<tflite::LeakyReluOptions>().alpha()};
    if (function == UnaryFunction::divide &&
        activation(source_.options<tflite::DivOptions>().fused_activation_function()) != Activation::none)
      source_.fail(".builtin_options.fused_activation_function", "is not NONE",
                   "Convert the model without an activation on a division");
    return Unary{function, 0.0F};
  }

  OpKind read_concatenation() const {
    const auto& o = source_.options<tflite::ConcatenationOptions>();
    if (activation(o.fused_activation_function()) != Activation::none)
      source_.fail(".builtin_options.fused_activation_function", "is not NONE",
                   "Convert the model without an activation on a concatenation");
    return Concatenation{source_.axis_of(o.axis(), source_.input_shape(0).size(), ".builtin_options.axis"),
                         false};
  }

  OpKind read_pack() const {
    return Concatenation{source_.axis_of(source_.options<tflite::PackOptions>().axis(),
                                         source_.input_shape(0).size() + 1, ".builtin_options.axis"),
                         true};
  }

  OpKind read_mean() {
    const bool keep_dims = source_.options<tflite::ReducerOptions>().keep_dims();
    const std::vector<int32_t> axes = take_integers("the data and the axes", "axes");
    std::set<int32_t> normalised;
    for (int32_t axis : axes)
      normalised.insert(source_.axis_of(axis, source_.input_shape(0).size(), ".inputs[1]"));
    return Mean{{normalised.begin(), normalised.end()}, keep_dims};
  }

  OpKind read_pad() {
    const std::vector<int32_t> flat = take_integers("the data and the paddings", "paddings");
    if (flat.size() % 2 != 0)
      source_.fail(".inputs[1]", "holds " + std::to_string(flat.size()) + " numbers, expected pairs");
    Pad pad;
    for (size_t k = 0; k < flat.size(); k += 2) pad.paddings.push_back({flat[k], flat[k + 1]});
    return pad;
  }

  /// The new shape is that of the output tensor; a constant that says otherwise is a broken file.
  OpKind read_reshape() {
    if (inputs_.size() != 2) return Reshape{};
    if (!inputs_[1].present()) {
      inputs_.pop_back();
      return Reshape{};
    }
    const std::vector<int32_t> wanted = take_integers("the data and the new shape", "new shape");
    if (source_.outputs().empty()) return Reshape{};  // graph_check refuses it
    const std::span<const int32_t> stored = source_.output_shape(0);
    bool equal = wanted.size() == stored.size();
    for (size_t k = 0; equal && k < wanted.size(); ++k) equal = wanted[k] == -1 || wanted[k] == stored[k];
    if (!equal) source_.fail(".inputs[1]", "asks for another shape than the output tensor has");
    return Reshape{};
  }

  /// Axes of one element come or go: the shape of the output tensor says all. The axis of EXPAND_DIMS is
  /// dropped with it.
  OpKind read_renaming() {
    if (inputs_.size() == 2) inputs_.pop_back();
    return Reshape{};
  }

  /// The new size is that of the output tensor, as that of RESHAPE.
  template <class Options>
  OpKind read_resize(bool bilinear) {
    const auto& o = source_.options<Options>();
    const std::vector<int32_t> size = take_integers("the data and the size", "size");
    const std::span<const int32_t> shape = source_.output_shape(0);
    if (size.size() != 2 || shape.size() != 4 || size[0] != shape[1] || size[1] != shape[2])
      source_.fail(".inputs[1]", "asks for another size than the output tensor has");
    return Resize{bilinear, o.align_corners(), o.half_pixel_centers()};
  }

  /// Removes input 1 and returns its numbers.
  std::vector<int32_t> take_integers(const char* inputs, const char* meaning) {
    source_.expect_inputs(2, inputs);
    inputs_.pop_back();
    return source_.integers(1, meaning);
  }

  const OperatorSource& source_;
  std::vector<TensorId> inputs_;
};

}  // namespace

std::vector<Op> read_operator(const TfliteFile& file, size_t i) {
  const OperatorSource source(file, i);
  if (is_read_as_slices(source.number())) return read_slices(source);
  if (source.number() == kLstmNumber) return {read_lstm(source)};
  return {OperatorReader(source).read()};
}

}  // namespace thaw
