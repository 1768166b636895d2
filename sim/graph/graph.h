// A model as the file holds it: typed operators in execution order over quantised tensors.
// Nothing is folded or rewritten here; `sim/plan` does that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/graph/id.h"

namespace thaw {

enum class DataType { int8, int32, float32 };

/// "int8", "int32" or "float32".
const char* data_type_name(DataType type);

/// Bytes of one element.
constexpr size_t size_of(DataType type) {
  return type == DataType::int8 ? 1 : 4;
}

/// real = scale * (q - zero_point). One scale and zero point for the whole tensor, or one scale per slice
/// along `axis` (weights only; zero points all 0). Scales are the file's float32 values.
struct Quantization {
  std::vector<float> scales;
  std::vector<int32_t> zero_points;
  int axis = 0;

  bool present() const { return !scales.empty(); }
  float scale(size_t channel = 0) const { return scales.size() == 1 ? scales[0] : scales[channel]; }
  int32_t zero_point() const { return zero_points.empty() ? 0 : zero_points[0]; }
};

/// One tensor: an activation (data empty) or a constant (data holds exactly bytes() bytes, little endian).
/// `file_index` is the tensor's number in the TFLite file; activations are NHWC.
/// `uint8_in_file`: the file has it as uint8; here it is int8, and its values and its zero point are those of
/// the file minus 128, which mean the same real numbers (uint8_ends.h).
struct Tensor {
  TensorId id;
  std::string name;
  DataType type = DataType::int8;
  std::vector<int32_t> shape;
  Quantization quantization;
  std::vector<std::byte> data;
  int32_t file_index = -1;
  bool uint8_in_file = false;

  bool is_constant() const { return !data.empty(); }
  /// Product of the shape; 1 for a scalar.
  int64_t elements() const {
    int64_t n = 1;
    for (int32_t d : shape) n *= d;
    return n;
  }
  int64_t bytes() const { return elements() * static_cast<int64_t>(size_of(type)); }
  const int8_t* int8_data() const { return reinterpret_cast<const int8_t*>(data.data()); }
  const int32_t* int32_data() const { return reinterpret_cast<const int32_t*>(data.data()); }
};

/// Fused activation of an operator: a clamp of its integer output (TFLite quantisation specification).
enum class Activation { none, relu, relu6 };
enum class Padding { same, valid };

/// Inputs: x [N,H,W,Cin], weights [Cout,KH,KW,Cin], bias [Cout] int32 (may be absent, id -1).
struct Conv2d {
  Padding padding = Padding::same;
  int32_t stride_height = 1, stride_width = 1;
  int32_t dilation_height = 1, dilation_width = 1;
  Activation activation = Activation::none;
};
/// Inputs: x [N,H,W,Cin], weights [1,KH,KW,Cin*depth_multiplier], bias (may be absent).
struct DepthwiseConv2d {
  Padding padding = Padding::same;
  int32_t stride_height = 1, stride_width = 1;
  int32_t dilation_height = 1, dilation_width = 1;
  int32_t depth_multiplier = 1;
  Activation activation = Activation::none;
};
/// Inputs: x (any shape, read as rows of Cin), weights [Cout,Cin], bias (may be absent).
struct FullyConnected {
  Activation activation = Activation::none;
  bool keep_num_dims = false;
};
/// Inputs: two tensors, one of which may be a constant, and one of which may be repeated along axes (numpy's
/// broadcasting).
struct Add {
  Activation activation = Activation::none;
};
/// SUB, MUL, MAXIMUM, MINIMUM, PRELU on two such tensors; those without an activation have none. PRELU: the
/// second is the slope below zero, a constant.
enum class BinaryFunction { sub, mul, maximum, minimum, prelu };
struct Binary {
  BinaryFunction function = BinaryFunction::mul;
  Activation activation = Activation::none;
};
/// A function of each element. divide: DIV by input 1, a constant of one element.
enum class UnaryFunction { logistic, tanh, leaky_relu, relu, relu6, hard_swish, elu, divide };
struct Unary {
  UnaryFunction function = UnaryFunction::relu;
  float alpha = 0.0F;  // of leaky_relu: the slope below zero
};
/// Inputs: any number of tensors, one after the other along `axis` (0..rank-1) of the output. `new_axis`: the
/// inputs lack that axis (PACK).
struct Concatenation {
  int32_t axis = 0;
  bool new_axis = false;
};
/// Positions of an axis: first, first + step, ..., `count` of them; a step below 0 goes down.
struct TakenAxis {
  int32_t first = 0, step = 1, count = 0;
  bool operator==(const TakenAxis&) const = default;
};
/// SLICE, STRIDED_SLICE, or one output of SPLIT, SPLIT_V or UNPACK: an entry an input axis. The output may
/// lack axes of which one position is taken.
struct Slice {
  std::vector<TakenAxis> axes;
};
/// RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR. Inputs: x [1,H,W,C]; the output has another height and width.
struct Resize {
  bool bilinear = false, align_corners = false, half_pixel_centers = false;
};
/// UNIDIRECTIONAL_SEQUENCE_LSTM as Keras has it: no peephole, projection or layer normalisation. Inputs: x
/// [1,T,I] (time major: [T,1,I]), input weights [S,I] and then recurrent weights [S,S] of the input, forget,
/// cell and output gates, then their int32 biases [S]. A sample starts with states of zero. The int8 hidden
/// state has the output's scale and zero point, the int16 cell state the scale 2^cell_scale_power.
struct Lstm {
  int32_t cell_scale_power = -12;
  float cell_clip = 0.0F;  // 0: none
  bool time_major = false;
};
struct AveragePool2d {
  Padding padding = Padding::valid;
  int32_t stride_height = 1, stride_width = 1;
  int32_t filter_height = 1, filter_width = 1;
  Activation activation = Activation::none;
};
struct MaxPool2d {
  Padding padding = Padding::valid;
  int32_t stride_height = 1, stride_width = 1;
  int32_t filter_height = 1, filter_width = 1;
  Activation activation = Activation::none;
};
/// Axes are normalised to 0..rank-1, ascending, unique.
struct Mean {
  std::vector<int32_t> axes;
  bool keep_dims = false;
};
/// Elements added before and after each axis.
struct Pad {
  std::vector<std::array<int32_t, 2>> paddings;
};
/// Copies; the output tensor holds the new shape.
struct Reshape {};
/// output axis i is input axis permutation[i].
struct Transpose {
  std::vector<int32_t> permutation;
};
struct Softmax {
  float beta = 1.0F;
};
/// float32 -> int8, or int8 -> int8 with another scale.
struct Quantize {};
/// int8 -> float32.
struct Dequantize {};

using OpKind =
    std::variant<Conv2d, DepthwiseConv2d, FullyConnected, Add, AveragePool2d, MaxPool2d, Mean, Pad, Reshape,
                 Transpose, Softmax, Quantize, Dequantize, Binary, Unary, Concatenation, Slice, Resize, Lstm>;

/// One operator. `inputs` keeps the order of the file; an absent optional input has id -1. Axes, paddings,
/// permutations and target shapes live in the OpKind, not among the inputs. `file_index` is the operator's
/// number in the TFLite file, where the reader may have left out some or read one as several; -1: the id.
struct Op {
  OpId id;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  OpKind kind;
  int32_t file_index = -1;
};

/// TFLite's name of the operator, for example "CONV_2D".
const char* op_name(const OpKind& kind);

/// An operator behind an output of the graph that only the file has: LOG_SOFTMAX, or SOFTMAX or LOGISTIC of
/// float32 (and QUANTIZE or DEQUANTIZE behind them), which keep the order of a row's scores. Training
/// replaces it by its loss; it is not computed here, and the writer puts it back.
struct EndOperator {
  size_t output = 0;         // place in Graph::outputs; several on one follow each other
  int32_t builtin_code = 0;  // of the file format
  float beta = 1.0F;         // of SOFTMAX
  Tensor result;             // what it writes; id absent, shape that of the output
};

/// What the model keeps from one inference to the next: the file's VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE
/// and CALL_ONCE, which are no operators here. No operator writes `content`: it has the variable's value at
/// the start of an inference. `next`, any tensor, is the value at its end; absent: the variable stays as it
/// is. `initial`: the value before the first inference, as many bytes as `content` has.
struct StateVariable {
  std::string name;
  TensorId content, next;
  std::vector<std::byte> initial;
};

/// Operators in execution order, each tensor written at most once (single assignment). Every operator reads
/// only constants, graph inputs, contents of state variables and outputs of earlier operators.
struct Graph {
  std::string file_name;  // without folder
  std::string sha256;     // of the file, lower-case hexadecimal
  std::vector<Tensor> tensors;
  std::vector<Op> ops;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  std::vector<EndOperator> end_operators;
  std::vector<StateVariable> variables;
  std::vector<std::string> warnings;  // found at load: repaired or risky values, one sentence each

  const Tensor& tensor(TensorId id) const { return tensors[id.index()]; }
  const Op& op(OpId id) const { return ops[id.index()]; }
};

}  // namespace thaw
