#include "sim/graph/tflite_operator_reader.h"

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sim/graph/operator_names.h"
#include "sim/graph/tflite_access.h"

namespace thaw {
namespace {

/// Product of the shape, or SIZE_MAX where a dimension is negative or the product absurd.
size_t elements_of(const tflite::Tensor& tensor) {
  size_t n = 1;
  for (int32_t d : values(tensor.shape())) {
    if (d < 0 || (d != 0 && n > (size_t{1} << 40) / static_cast<size_t>(d))) return SIZE_MAX;
    n *= static_cast<size_t>(d);
  }
  return n;
}

// Reads the operators of one file; `i` is an operator's number, `op` what is read of it so far.
class OperatorReader {
 public:
  explicit OperatorReader(const TfliteFile& file) : file_(file) {}

  Op read(size_t i) const {
    Op op;
    op.id = OpId(i);
    op.file_index = static_cast<int32_t>(i);
    const tflite::Operator& source = file_.operator_at(i);
    if (count(source.inputs()) > 16 || count(source.outputs()) > 16)
      file_.fail(op_path(i), "has more than 16 inputs or outputs");
    op.inputs = file_.tensor_ids(values(source.inputs()), op_path(i) + ".inputs", TfliteFile::Optional::yes);
    op.outputs =
        file_.tensor_ids(values(source.outputs()), op_path(i) + ".outputs", TfliteFile::Optional::no);
    op.kind = read_kind(i, op);
    return op;
  }

 private:
  /// The options of operator i as table T. Converters always write them, defaults included.
  template <class T>
  const T& options(size_t i) const {
    const T* table = file_.operator_at(i).builtin_options_as<T>();
    if (table == nullptr) file_.fail(op_path(i) + ".builtin_options", "is missing or of another operator");
    return *table;
  }

  int32_t operator_number(size_t i) const {
    return builtin_code(*file_.model().operator_codes()->Get(file_.operator_at(i).opcode_index()));
  }

  std::string op_path(size_t i) const {
    return "subgraphs[0].operators[" + std::to_string(i) + "] (" + builtin_operator_name(operator_number(i)) +
           ")";
  }

  OpKind read_kind(size_t i, Op& op) const {
    if (const auto function = binary_function(operator_number(i))) return read_binary(i, *function);
    if (const auto function = unary_function(operator_number(i)))
      return Unary{*function, *function == UnaryFunction::leaky_relu
                                  ? options<tflite::LeakyReluOptions>(i).alpha()
                                  : 0.0F};
    switch (operator_number(i)) {
      case 0:
        return Add{activation(i, options<tflite::AddOptions>(i).fused_activation_function())};
      case 1:
        return read_pool<AveragePool2d>(i);
      case 2:
        return read_concatenation(i, op);
      case 3:
        return read_conv(i);
      case 4:
        return read_depthwise(i);
      case 6:
        return Dequantize{};
      case 9:
        return read_fully_connected(i);
      case 17:
        return read_pool<MaxPool2d>(i);
      case 22:
        return read_reshape(i, op);
      case 25:
        return Softmax{options<tflite::SoftmaxOptions>(i).beta()};
      case 34:
        return read_pad(i, op);
      case 39:
        return Transpose{take_integers(i, op, "permutation")};
      case 40:
        return read_mean(i, op);
      case 43:  // SQUEEZE
      case 70:  // EXPAND_DIMS
        return read_renaming(op);
      default:
        return Quantize{};  // 114, the last that is supported
    }
  }

  Activation activation(size_t i, tflite::ActivationFunctionType type) const {
    switch (type) {
      case tflite::ActivationFunctionType::NONE:
        return Activation::none;
      case tflite::ActivationFunctionType::RELU:
        return Activation::relu;
      case tflite::ActivationFunctionType::RELU6:
        return Activation::relu6;
      default:
        file_.fail(op_path(i) + ".builtin_options.fused_activation_function",
                   "is number " + std::to_string(static_cast<int>(type)) +
                       ", expected 0 (NONE), 1 (RELU) or 3 (RELU6)",
                   "Convert the model with one of these activations");
    }
  }

  Padding padding(size_t i, tflite::Padding value) const {
    if (value == tflite::Padding::SAME) return Padding::same;
    if (value == tflite::Padding::VALID) return Padding::valid;
    file_.fail(op_path(i) + ".builtin_options.padding",
               "is number " + std::to_string(static_cast<int>(value)) + ", expected 0 (SAME) or 1 (VALID)");
  }

  OpKind read_conv(size_t i) const {
    const auto& o = options<tflite::Conv2DOptions>(i);
    return Conv2d{.padding = padding(i, o.padding()),
                  .stride_height = o.stride_h(),
                  .stride_width = o.stride_w(),
                  .dilation_height = o.dilation_h_factor(),
                  .dilation_width = o.dilation_w_factor(),
                  .activation = activation(i, o.fused_activation_function())};
  }

  OpKind read_depthwise(size_t i) const {
    const auto& o = options<tflite::DepthwiseConv2DOptions>(i);
    return DepthwiseConv2d{.padding = padding(i, o.padding()),
                           .stride_height = o.stride_h(),
                           .stride_width = o.stride_w(),
                           .dilation_height = o.dilation_h_factor(),
                           .dilation_width = o.dilation_w_factor(),
                           .depth_multiplier = o.depth_multiplier(),
                           .activation = activation(i, o.fused_activation_function())};
  }

  OpKind read_fully_connected(size_t i) const {
    const auto& o = options<tflite::FullyConnectedOptions>(i);
    if (o.weights_format() != 0)
      file_.fail(op_path(i) + ".builtin_options.weights_format",
                 "is number " + std::to_string(o.weights_format()) + ", expected 0 (row-major weights)");
    return FullyConnected{.activation = activation(i, o.fused_activation_function()),
                          .keep_num_dims = o.keep_num_dims()};
  }

  template <class Pool>
  OpKind read_pool(size_t i) const {
    const auto& o = options<tflite::Pool2DOptions>(i);
    return Pool{.padding = padding(i, o.padding()),
                .stride_height = o.stride_h(),
                .stride_width = o.stride_w(),
                .filter_height = o.filter_height(),
                .filter_width = o.filter_width(),
                .activation = activation(i, o.fused_activation_function())};
  }

  OpKind read_binary(size_t i, BinaryFunction function) const {
    if (function == BinaryFunction::sub)
      return Binary{function, activation(i, options<tflite::SubOptions>(i).fused_activation_function())};
    if (function == BinaryFunction::mul)
      return Binary{function, activation(i, options<tflite::MulOptions>(i).fused_activation_function())};
    return Binary{function, Activation::none};
  }

  OpKind read_concatenation(size_t i, const Op& op) const {
    const auto& o = options<tflite::ConcatenationOptions>(i);
    if (activation(i, o.fused_activation_function()) != Activation::none)
      file_.fail(op_path(i) + ".builtin_options.fused_activation_function", "is not NONE",
                 "Convert the model without an activation on a concatenation");
    const auto rank = static_cast<int32_t>(shape_of(op, i).size());
    if (o.axis() < -rank || o.axis() >= rank)
      file_.fail(
          op_path(i) + ".builtin_options.axis",
          "is " + std::to_string(o.axis()) + ", but the inputs have " + std::to_string(rank) + " axes");
    return Concatenation{o.axis() < 0 ? o.axis() + rank : o.axis()};
  }

  OpKind read_mean(size_t i, Op& op) const {
    const bool keep_dims = options<tflite::ReducerOptions>(i).keep_dims();
    const std::vector<int32_t> axes = take_integers(i, op, "axes");
    const auto rank = static_cast<int32_t>(shape_of(op, i).size());
    std::set<int32_t> normalised;
    for (int32_t axis : axes) {
      if (axis < -rank || axis >= rank)
        file_.fail(op_path(i) + ".inputs[1]", "names axis " + std::to_string(axis) + ", but the input has " +
                                                  std::to_string(rank) + " axes");
      normalised.insert(axis < 0 ? axis + rank : axis);
    }
    return Mean{{normalised.begin(), normalised.end()}, keep_dims};
  }

  OpKind read_pad(size_t i, Op& op) const {
    const std::vector<int32_t> flat = take_integers(i, op, "paddings");
    if (flat.size() % 2 != 0)
      file_.fail(op_path(i) + ".inputs[1]",
                 "holds " + std::to_string(flat.size()) + " numbers, expected pairs");
    Pad pad;
    for (size_t k = 0; k < flat.size(); k += 2) pad.paddings.push_back({flat[k], flat[k + 1]});
    return pad;
  }

  /// The new shape is that of the output tensor; a constant that says otherwise is a broken file.
  OpKind read_reshape(size_t i, Op& op) const {
    if (op.inputs.size() != 2) return Reshape{};
    if (!op.inputs[1].present()) {
      op.inputs.pop_back();
      return Reshape{};
    }
    const std::vector<int32_t> wanted = take_integers(i, op, "new shape");
    if (op.outputs.empty()) return Reshape{};  // graph_check refuses it
    const std::span<const int32_t> stored = values(file_.tensor_at(op.outputs[0].value).shape());
    bool equal = wanted.size() == stored.size();
    for (size_t k = 0; equal && k < wanted.size(); ++k) equal = wanted[k] == -1 || wanted[k] == stored[k];
    if (!equal) file_.fail(op_path(i) + ".inputs[1]", "asks for another shape than the output tensor has");
    return Reshape{};
  }

  /// Axes of one element come or go: the shape of the output tensor says all. The axis of EXPAND_DIMS is
  /// dropped with it.
  static OpKind read_renaming(Op& op) {
    if (op.inputs.size() == 2) op.inputs.pop_back();
    return Reshape{};
  }

  std::span<const int32_t> shape_of(const Op& op, size_t i) const {
    if (op.inputs.empty() || !op.inputs[0].present()) file_.fail(op_path(i) + ".inputs", "is empty");
    return values(file_.tensor_at(op.inputs[0].value).shape());
  }

  /// Removes input 1 from the operator and returns its values: a constant int32 or int64 tensor.
  std::vector<int32_t> take_integers(size_t i, Op& op, const char* meaning) const {
    const std::string path = op_path(i) + ".inputs[1]";
    if (op.inputs.size() != 2 || !op.inputs[1].present())
      file_.fail(op_path(i) + ".inputs", "holds " + std::to_string(op.inputs.size()) +
                                             " tensors, expected 2: the data and the " + meaning);
    const tflite::Tensor& tensor = file_.tensor_at(op.inputs[1].value);
    const bool wide = tensor.type() == tflite::TensorType::INT64;
    if (!wide && tensor.type() != tflite::TensorType::INT32)
      file_.fail(path, std::string("is of type ") + type_name(tensor.type()) + ", expected int32");
    const std::span<const uint8_t> bytes = file_.buffer_of(tensor, op.inputs[1].value);
    const size_t size = wide ? 8 : 4;
    if (bytes.empty() && elements_of(tensor) != 0)
      file_.fail(path, std::string("is not a constant"),
                 std::string("The ") + meaning + " must be fixed in the file");
    if (bytes.size() % size != 0 || bytes.size() / size != elements_of(tensor) ||
        bytes.size() / size > 2 * max_rank)
      file_.fail(path, "holds " + std::to_string(bytes.size()) + " bytes, which does not fit its shape");
    std::vector<int32_t> result;
    for (size_t at = 0; at < bytes.size(); at += size)
      result.push_back(integer_at(bytes.subspan(at, size), path));
    op.inputs.pop_back();
    return result;
  }

  int32_t integer_at(std::span<const uint8_t> little_endian, const std::string& path) const {
    uint64_t bits = 0;
    for (size_t k = little_endian.size(); k-- > 0;) bits = (bits << 8) | little_endian[k];
    if (little_endian.size() == 4) return static_cast<int32_t>(static_cast<uint32_t>(bits));
    const auto value = static_cast<int64_t>(bits);
    if (value < INT32_MIN || value > INT32_MAX)
      file_.fail(path, "holds " + std::to_string(value) + ", beyond int32");
    return static_cast<int32_t>(value);
  }

  const TfliteFile& file_;
};

}  // namespace

Op read_operator(const TfliteFile& file, size_t i) {
  return OperatorReader(file).read(i);
}

}  // namespace thaw
