// The table behind the operator names, and which name each of our operator types has.
#include "sim/graph/operator_names.h"

#include <array>
#include <cstddef>

#include "sim/graph/graph.h"

namespace thaw {

namespace {

// Position is the operator's number in the file format.
constexpr auto builtin_names = std::to_array<const char*>({"ADD",
                                                           "AVERAGE_POOL_2D",
                                                           "CONCATENATION",
                                                           "CONV_2D",
                                                           "DEPTHWISE_CONV_2D",
                                                           "DEPTH_TO_SPACE",
                                                           "DEQUANTIZE",
                                                           "EMBEDDING_LOOKUP",
                                                           "FLOOR",
                                                           "FULLY_CONNECTED",
                                                           "HASHTABLE_LOOKUP",
                                                           "L2_NORMALIZATION",
                                                           "L2_POOL_2D",
                                                           "LOCAL_RESPONSE_NORMALIZATION",
                                                           "LOGISTIC",
                                                           "LSH_PROJECTION",
                                                           "LSTM",
                                                           "MAX_POOL_2D",
                                                           "MUL",
                                                           "RELU",
                                                           "RELU_N1_TO_1",
                                                           "RELU6",
                                                           "RESHAPE",
                                                           "RESIZE_BILINEAR",
                                                           "RNN",
                                                           "SOFTMAX",
                                                           "SPACE_TO_DEPTH",
                                                           "SVDF",
                                                           "TANH",
                                                           "CONCAT_EMBEDDINGS",
                                                           "SKIP_GRAM",
                                                           "CALL",
                                                           "CUSTOM",
                                                           "EMBEDDING_LOOKUP_SPARSE",
                                                           "PAD",
                                                           "UNIDIRECTIONAL_SEQUENCE_RNN",
                                                           "GATHER",
                                                           "BATCH_TO_SPACE_ND",
                                                           "SPACE_TO_BATCH_ND",
                                                           "TRANSPOSE",
                                                           "MEAN",
                                                           "SUB",
                                                           "DIV",
                                                           "SQUEEZE",
                                                           "UNIDIRECTIONAL_SEQUENCE_LSTM",
                                                           "STRIDED_SLICE",
                                                           "BIDIRECTIONAL_SEQUENCE_RNN",
                                                           "EXP",
                                                           "TOPK_V2",
                                                           "SPLIT",
                                                           "LOG_SOFTMAX",
                                                           "DELEGATE",
                                                           "BIDIRECTIONAL_SEQUENCE_LSTM",
                                                           "CAST",
                                                           "PRELU",
                                                           "MAXIMUM",
                                                           "ARG_MAX",
                                                           "MINIMUM",
                                                           "LESS",
                                                           "NEG",
                                                           "PADV2",
                                                           "GREATER",
                                                           "GREATER_EQUAL",
                                                           "LESS_EQUAL",
                                                           "SELECT",
                                                           "SLICE",
                                                           "SIN",
                                                           "TRANSPOSE_CONV",
                                                           "SPARSE_TO_DENSE",
                                                           "TILE",
                                                           "EXPAND_DIMS",
                                                           "EQUAL",
                                                           "NOT_EQUAL",
                                                           "LOG",
                                                           "SUM",
                                                           "SQRT",
                                                           "RSQRT",
                                                           "SHAPE",
                                                           "POW",
                                                           "ARG_MIN",
                                                           "FAKE_QUANT",
                                                           "REDUCE_PROD",
                                                           "REDUCE_MAX",
                                                           "PACK",
                                                           "LOGICAL_OR",
                                                           "ONE_HOT",
                                                           "LOGICAL_AND",
                                                           "LOGICAL_NOT",
                                                           "UNPACK",
                                                           "REDUCE_MIN",
                                                           "FLOOR_DIV",
                                                           "REDUCE_ANY",
                                                           "SQUARE",
                                                           "ZEROS_LIKE",
                                                           "FILL",
                                                           "FLOOR_MOD",
                                                           "RANGE",
                                                           "RESIZE_NEAREST_NEIGHBOR",
                                                           "LEAKY_RELU",
                                                           "SQUARED_DIFFERENCE",
                                                           "MIRROR_PAD",
                                                           "ABS",
                                                           "SPLIT_V",
                                                           "UNIQUE",
                                                           "CEIL",
                                                           "REVERSE_V2",
                                                           "ADD_N",
                                                           "GATHER_ND",
                                                           "COS",
                                                           "WHERE",
                                                           "RANK",
                                                           "ELU",
                                                           "REVERSE_SEQUENCE",
                                                           "MATRIX_DIAG",
                                                           "QUANTIZE",
                                                           "MATRIX_SET_DIAG",
                                                           "ROUND",
                                                           "HARD_SWISH",
                                                           "IF",
                                                           "WHILE",
                                                           "NON_MAX_SUPPRESSION_V4",
                                                           "NON_MAX_SUPPRESSION_V5",
                                                           "SCATTER_ND",
                                                           "SELECT_V2",
                                                           "DENSIFY",
                                                           "SEGMENT_SUM",
                                                           "BATCH_MATMUL",
                                                           "PLACEHOLDER_FOR_GREATER_OP_CODES",
                                                           "CUMSUM",
                                                           "CALL_ONCE",
                                                           "BROADCAST_TO",
                                                           "RFFT2D",
                                                           "CONV_3D",
                                                           "IMAG",
                                                           "REAL",
                                                           "COMPLEX_ABS",
                                                           "HASHTABLE",
                                                           "HASHTABLE_FIND",
                                                           "HASHTABLE_IMPORT",
                                                           "HASHTABLE_SIZE",
                                                           "REDUCE_ALL",
                                                           "CONV_3D_TRANSPOSE",
                                                           "VAR_HANDLE",
                                                           "READ_VARIABLE",
                                                           "ASSIGN_VARIABLE",
                                                           "BROADCAST_ARGS",
                                                           "RANDOM_STANDARD_NORMAL",
                                                           "BUCKETIZE",
                                                           "RANDOM_UNIFORM",
                                                           "MULTINOMIAL",
                                                           "GELU",
                                                           "DYNAMIC_UPDATE_SLICE",
                                                           "RELU_0_TO_1",
                                                           "UNSORTED_SEGMENT_PROD",
                                                           "UNSORTED_SEGMENT_MAX",
                                                           "UNSORTED_SEGMENT_SUM",
                                                           "ATAN2",
                                                           "UNSORTED_SEGMENT_MIN",
                                                           "SIGN",
                                                           "BITCAST",
                                                           "BITWISE_XOR",
                                                           "RIGHT_SHIFT"});

template <class Function>
struct FunctionNumber {
  Function function;
  int32_t number;  // in the file format
};
constexpr auto binary_numbers = std::to_array<FunctionNumber<BinaryFunction>>({{BinaryFunction::sub, 41},
                                                                               {BinaryFunction::mul, 18},
                                                                               {BinaryFunction::maximum, 55},
                                                                               {BinaryFunction::minimum, 57},
                                                                               {BinaryFunction::prelu, 54}});
constexpr auto unary_numbers = std::to_array<FunctionNumber<UnaryFunction>>({{UnaryFunction::logistic, 14},
                                                                             {UnaryFunction::tanh, 28},
                                                                             {UnaryFunction::leaky_relu, 98},
                                                                             {UnaryFunction::relu, 19},
                                                                             {UnaryFunction::relu6, 21},
                                                                             {UnaryFunction::hard_swish, 117},
                                                                             {UnaryFunction::elu, 111},
                                                                             {UnaryFunction::divide, 42}});

template <class Table, class Function>
int32_t number_in(const Table& table, Function function) {
  for (const auto& entry : table)
    if (entry.function == function) return entry.number;
  return -1;
}

template <class Function, class Table>
std::optional<Function> function_in(const Table& table, int32_t number) {
  for (const auto& entry : table)
    if (entry.number == number) return entry.function;
  return std::nullopt;
}

struct OperatorName {
  const char* operator()(const Conv2d&) const { return "CONV_2D"; }
  const char* operator()(const DepthwiseConv2d&) const { return "DEPTHWISE_CONV_2D"; }
  const char* operator()(const FullyConnected&) const { return "FULLY_CONNECTED"; }
  const char* operator()(const Add&) const { return "ADD"; }
  const char* operator()(const AveragePool2d&) const { return "AVERAGE_POOL_2D"; }
  const char* operator()(const MaxPool2d&) const { return "MAX_POOL_2D"; }
  const char* operator()(const Mean&) const { return "MEAN"; }
  const char* operator()(const Pad&) const { return "PAD"; }
  const char* operator()(const Reshape&) const { return "RESHAPE"; }
  const char* operator()(const Transpose&) const { return "TRANSPOSE"; }
  const char* operator()(const Softmax&) const { return "SOFTMAX"; }
  const char* operator()(const Quantize&) const { return "QUANTIZE"; }
  const char* operator()(const Dequantize&) const { return "DEQUANTIZE"; }
  const char* operator()(const Binary& k) const {
    return builtin_names[static_cast<size_t>(builtin_number(k.function))];
  }
  const char* operator()(const Unary& k) const {
    return builtin_names[static_cast<size_t>(builtin_number(k.function))];
  }
  const char* operator()(const Concatenation& k) const { return k.new_axis ? "PACK" : "CONCATENATION"; }
  const char* operator()(const Slice&) const { return "STRIDED_SLICE"; }
  const char* operator()(const Resize& k) const {
    return k.bilinear ? "RESIZE_BILINEAR" : "RESIZE_NEAREST_NEIGHBOR";
  }
  const char* operator()(const Lstm&) const { return "UNIDIRECTIONAL_SEQUENCE_LSTM"; }
};

}  // namespace

std::string builtin_operator_name(int32_t builtin_code) {
  if (builtin_code < 0 || static_cast<size_t>(builtin_code) >= builtin_names.size())
    return "BUILTIN_" + std::to_string(builtin_code);
  return builtin_names[static_cast<size_t>(builtin_code)];
}

const char* supported_operator_names() {
  return "CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, ADD, AVERAGE_POOL_2D, MAX_POOL_2D, MEAN, PAD, "
         "RESHAPE, "
         "TRANSPOSE, SOFTMAX, QUANTIZE, DEQUANTIZE, EXPAND_DIMS, SQUEEZE, SUB, MUL, DIV, MAXIMUM, MINIMUM, "
         "LOGISTIC, "
         "TANH, LEAKY_RELU, RELU, RELU6, CONCATENATION, PRELU, HARD_SWISH, ELU, SLICE, STRIDED_SLICE, SPLIT, "
         "SPLIT_V, "
         "PACK, UNPACK, RESIZE_NEAREST_NEIGHBOR, RESIZE_BILINEAR, UNIDIRECTIONAL_SEQUENCE_LSTM, VAR_HANDLE, "
         "READ_VARIABLE, ASSIGN_VARIABLE, CALL_ONCE; on constants "
         "also SHAPE, DENSIFY and operators that compute shapes";
}

int32_t builtin_number(BinaryFunction function) {
  return number_in(binary_numbers, function);
}

int32_t builtin_number(UnaryFunction function) {
  return number_in(unary_numbers, function);
}

std::optional<BinaryFunction> binary_function(int32_t builtin_code) {
  return function_in<BinaryFunction>(binary_numbers, builtin_code);
}

std::optional<UnaryFunction> unary_function(int32_t builtin_code) {
  return function_in<UnaryFunction>(unary_numbers, builtin_code);
}

const char* data_type_name(DataType type) {
  switch (type) {
    case DataType::int8:
      return "int8";
    case DataType::int32:
      return "int32";
    case DataType::float32:
      return "float32";
  }
  return "unknown";
}

const char* op_name(const OpKind& kind) {
  return std::visit(OperatorName{}, kind);
}

}  // namespace thaw
