// Each row breaks a sound graph in one way and names the message that must follow.
#include "sim/graph/graph_check.h"

#include <gmock/gmock.h>

#include <functional>
#include <limits>

#include "sim/base/error.h"
#include "tests/sim/graph/small_models.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using testing::every_operator;
using ::testing::HasSubstr;
using testing::one_addition;
using testing::one_convolution;
using testing::one_dense;

std::string error_of(const Graph& graph) {
  return testing::error_of([&] { check_graph(graph); });
}

struct Fault {
  const char* what;
  Graph graph;
  std::function<void(Graph&)> break_it;
  const char* message;
};

void expect_faults(const std::vector<Fault>& faults) {
  for (const Fault& fault : faults) {
    SCOPED_TRACE(fault.what);
    ASSERT_EQ(error_of(fault.graph), "no error");
    Graph graph = fault.graph;
    fault.break_it(graph);
    EXPECT_THAT(error_of(graph), HasSubstr(graph.file_name + ": "));
    EXPECT_THAT(error_of(graph), HasSubstr(fault.message));
  }
}

template <class Kind>
size_t position_of(const Graph& graph) {
  size_t i = 0;
  while (!std::holds_alternative<Kind>(graph.ops[i].kind)) ++i;
  return i;
}

/// The operator of a kind in `every_operator`, its options, and its tensors.
template <class Kind>
Op& op_of(Graph& graph) {
  return graph.ops[position_of<Kind>(graph)];
}
template <class Kind>
Kind& kind_of(Graph& graph) {
  return std::get<Kind>(op_of<Kind>(graph).kind);
}
template <class Kind>
Tensor& input_of(Graph& graph, size_t k = 0) {
  return graph.tensors[op_of<Kind>(graph).inputs[k].index()];
}
template <class Kind>
Tensor& output_of(Graph& graph) {
  return graph.tensors[op_of<Kind>(graph).outputs[0].index()];
}

TEST(GraphCheck, IndicesAndOrder) {
  expect_faults({
      {"input beyond", one_dense(), [](Graph& g) { g.ops[0].inputs[0] = TensorId(9); },
       "operators[0] (FULLY_CONNECTED).inputs: names tensor 9 of 5"},
      {"input below -1", one_dense(), [](Graph& g) { g.ops[0].inputs[2] = TensorId(-2); },
       "names tensor -2 of 5"},
      {"output absent", one_dense(), [](Graph& g) { g.ops[0].outputs[0] = TensorId(); },
       "operators[0] (FULLY_CONNECTED).outputs: names tensor -1"},
      {"wrong tensor id", one_dense(), [](Graph& g) { g.tensors[1].id = TensorId(0); },
       "tensors: are not numbered"},
      {"wrong operator id", one_dense(), [](Graph& g) { g.ops[1].id = OpId(0); },
       "operators: are not numbered"},
      {"no inputs", one_dense(), [](Graph& g) { g.inputs.clear(); }, "subgraphs[0].inputs: is empty"},
      {"no outputs", one_dense(), [](Graph& g) { g.outputs.clear(); }, "subgraphs[0].outputs: is empty"},
      {"own output", one_dense(), [](Graph& g) { g.ops[0].inputs[0] = TensorId(3); },
       "operators[0] (FULLY_CONNECTED).inputs[0]: reads subgraphs[0].tensors[3] (\"y\") before any operator"},
      {"out of order", one_dense(),
       [](Graph& g) {
         std::swap(g.ops[0], g.ops[1]);
         std::swap(g.ops[0].id, g.ops[1].id);
       },
       "operators[0] (SOFTMAX).inputs[0]: reads"},
      {"written twice", one_dense(), [](Graph& g) { g.ops[1].outputs[0] = TensorId(3); },
       "operators[1] (SOFTMAX).outputs[0]: writes subgraphs[0].tensors[3] (\"y\"), which has a value "
       "already"},
      {"writes an input", one_dense(), [](Graph& g) { g.ops[0].outputs[0] = TensorId(0); },
       "has a value already"},
      {"writes a constant", one_dense(), [](Graph& g) { g.ops[0].outputs[0] = TensorId(1); },
       "has a value already"},
      {"input named twice", one_dense(), [](Graph& g) { g.inputs.push_back(TensorId(0)); },
       "which is a constant or named before"},
      {"input is constant", one_dense(), [](Graph& g) { g.inputs.push_back(TensorId(1)); },
       "which is a constant or named before"},
      {"output is constant", one_dense(), [](Graph& g) { g.outputs.push_back(TensorId(1)); },
       "which no operator writes"},
      {"output never written", one_dense(), [](Graph& g) { g.ops.pop_back(); },
       "subgraphs[0].outputs: names subgraphs[0].tensors[4] (\"p\"), which no operator writes"},
  });
}

TEST(GraphCheck, Tensors) {
  expect_faults({
      {"zero size", one_convolution(), [](Graph& g) { g.tensors[0].shape[1] = 0; },
       "tensors[0] (\"x\").shape: is [1,0,5,2], expected sizes of at least 1"},
      {"unknown size", one_convolution(), [](Graph& g) { g.tensors[0].shape[0] = -1; }, "is [-1,5,5,2]"},
      {"2^31 elements", one_convolution(),
       [](Graph& g) {
         g.tensors[0].shape = {1, 32768, 32768, 2};
       },
       "more than 2^31-1 elements"},
      {"2^64 elements", one_convolution(),
       [](Graph& g) {
         g.tensors[0].shape = {65536, 65536, 65536, 65536};
       },
       "more than 2^31-1 elements"},
      {"short constant", one_convolution(), [](Graph& g) { g.tensors[1].data.pop_back(); },
       "tensors[1] (\"w\").buffer: holds 53 bytes, but int8 [3,3,3,2] needs 54"},
      {"long bias", one_convolution(), [](Graph& g) { g.tensors[2].data.resize(16); },
       "(\"b\").buffer: holds 16"},
      {"scale 0", one_convolution(), [](Graph& g) { g.tensors[0].quantization.scales = {0.0F}; },
       "tensors[0] (\"x\").quantization.scale: holds 0.000000, expected a finite number above 0"},
      {"negative scale", one_convolution(), [](Graph& g) { g.tensors[1].quantization.scales[2] = -1.0F; },
       "(\"w\").quantization.scale: holds -1"},
      {"infinite scale", one_convolution(),
       [](Graph& g) { g.tensors[3].quantization.scales = {std::numeric_limits<float>::infinity()}; },
       "(\"y\").quantization.scale: holds inf"},
      {"scale not a number", one_convolution(),
       [](Graph& g) { g.tensors[3].quantization.scales = {std::numeric_limits<float>::quiet_NaN()}; },
       "(\"y\").quantization.scale: holds nan"},
      {"no scale", one_convolution(), [](Graph& g) { g.tensors[0].quantization = {}; },
       "tensors[0] (\"x\").quantization.scale: is missing, expected 1 scale for an activation"},
      {"two scales", one_convolution(),
       [](Graph& g) {
         g.tensors[0].quantization = {{1.0F, 1.0F}, {0, 0}, 0};
       },
       "(\"x\").quantization.scale: holds 2 scales, expected 1"},
      {"zero point", one_convolution(), [](Graph& g) { g.tensors[3].quantization.zero_points = {128}; },
       "(\"y\").quantization.zero_point: is 128"},
  });
}

TEST(GraphCheck, WeightsAndBiases) {
  expect_faults({
      {"no weight scale", one_convolution(), [](Graph& g) { g.tensors[1].quantization = {}; },
       "(\"w\").quantization.scale: is missing"},
      {"two scales for three channels", one_convolution(),
       [](Graph& g) { g.tensors[1].quantization.scales.pop_back(); },
       "(\"w\").quantization.scale: holds 2 scales, expected 1 or 3"},
      {"wrong axis", one_convolution(), [](Graph& g) { g.tensors[1].quantization.axis = 3; },
       "(\"w\").quantization.quantized_dimension: is 3, expected 0"},
      {"wrong axis, depthwise", every_operator(),
       [](Graph& g) {
         input_of<DepthwiseConv2d>(g, 1).quantization = {std::vector<float>(8, 1.0F), {}, 0};
       },
       "quantized_dimension: is 0, expected 3"},
      {"weight zero point", one_convolution(), [](Graph& g) { g.tensors[1].quantization.zero_points[1] = 1; },
       "(\"w\").quantization.zero_point: is 1, expected 0"},
      {"weights are an activation", one_dense(), [](Graph& g) { g.ops[0].inputs[1] = TensorId(0); },
       "is no constant, expected constant int8 weights"},
      {"weights of 3 axes", one_convolution(),
       [](Graph& g) {
         g.tensors[1].shape = {9, 3, 2};
       },
       "has shape [9,3,2], expected 4 axes"},
      {"input channels", one_convolution(),
       [](Graph& g) {
         g.tensors[1].shape = {3, 3, 6, 1};
       },
       "has shape [3,3,6,1], expected 2 input channels in the last axis"},
      {"bias of two", one_convolution(),
       [](Graph& g) {
         g.tensors[2].shape = {2};
         g.tensors[2].data.resize(8);
       },
       "inputs[2]: subgraphs[0].tensors[2] (\"b\") has shape [2], expected [3]"},
      {"bias of int8", one_convolution(),
       [](Graph& g) {
         g.tensors[2].type = DataType::int8;
         g.tensors[2].data.resize(3);
       },
       "is int8, expected a constant int32 bias"},
      {"bias zero point", one_convolution(), [](Graph& g) { g.tensors[2].quantization.zero_points = {1}; },
       "(\"b\").quantization.zero_point: is 1, expected 0"},
      {"no weights", one_convolution(), [](Graph& g) { g.ops[0].inputs.resize(1); },
       "operators[0] (CONV_2D).inputs: holds 1 tensors, expected 2 to 3"},
      {"absent weights", one_convolution(), [](Graph& g) { g.ops[0].inputs[1] = TensorId(); },
       "operators[0] (CONV_2D).inputs[1]: is absent"},
      {"four inputs", one_convolution(), [](Graph& g) { g.ops[0].inputs.push_back(TensorId()); },
       "holds 4 tensors"},
      {"bias scale", one_dense(), [](Graph& g) { g.tensors[2].quantization.scales = {0.2F}; },
       "(\"b\").quantization.scale: is 0.2"},
      {"huge factor", one_convolution(), [](Graph& g) { g.tensors[0].quantization.scales = {1e30F}; },
       "scales of input, weights and output give channel 0 the factor"},
  });
}

TEST(GraphCheck, Windows) {
  expect_faults({
      {"stride 0", one_convolution(), [](Graph& g) { std::get<Conv2d>(g.ops[0].kind).stride_height = 0; },
       "operators[0] (CONV_2D).builtin_options: has height of filter, stride and dilation 3, 0, 1"},
      {"dilation 0", one_convolution(), [](Graph& g) { std::get<Conv2d>(g.ops[0].kind).dilation_width = 0; },
       "has width of filter, stride and dilation 3, 1, 0"},
      {"huge dilation", one_convolution(),
       [](Graph& g) { std::get<Conv2d>(g.ops[0].kind).dilation_width = INT32_MAX; }, "beyond int32"},
      {"does not fit", one_convolution(),
       [](Graph& g) { std::get<Conv2d>(g.ops[0].kind) = {.padding = Padding::valid, .dilation_height = 3}; },
       "has a filter that does not fit: height 5 of the input, filter 3 with dilation 3"},
      {"wrong output", one_convolution(),
       [](Graph& g) { std::get<Conv2d>(g.ops[0].kind).padding = Padding::valid; },
       "outputs[0]: subgraphs[0].tensors[3] (\"y\").shape is [1,5,5,3], expected [1,3,3,3]"},
      {"batch of 2", one_convolution(), [](Graph& g) { g.tensors[0].shape[0] = g.tensors[3].shape[0] = 2; },
       "has shape [2,5,5,2], expected [1,height,width,channels]"},
      {"three axes", one_convolution(),
       [](Graph& g) {
         g.tensors[0].shape = {1, 5, 10};
       },
       "expected [1,height,width"},
      {"depth multiplier", every_operator(),
       [](Graph& g) { kind_of<DepthwiseConv2d>(g).depth_multiplier = 3; },
       "expected [1,height,width,12] (4 input channels times depth_multiplier 3)"},
      {"depth multiplier 0", every_operator(),
       [](Graph& g) { kind_of<DepthwiseConv2d>(g).depth_multiplier = 0; }, "times depth_multiplier 0"},
      {"pool filter 0", every_operator(), [](Graph& g) { kind_of<MaxPool2d>(g).filter_height = 0; },
       "(MAX_POOL_2D).builtin_options: has height of filter, stride and dilation 0, 2, 1"},
      {"pool channels", every_operator(),
       [](Graph& g) {
         output_of<MaxPool2d>(g).shape = {1, 2, 8, 4};
       },
       "is [1,2,8,4], expected [1,2,4,8]"},
      {"huge pool", every_operator(),
       [](Graph& g) {
         kind_of<MaxPool2d>(g).filter_height = 1 << 20;
         kind_of<MaxPool2d>(g).filter_width = 1 << 20;
       },
       "pools over more elements than int32 sums can hold"},
      {"pool scale", every_operator(),
       [](Graph& g) { output_of<AveragePool2d>(g).quantization.scales = {0.1F}; },
       "quantization differs from that of the input"},
      {"relu6 of a tiny scale", every_operator(),
       [](Graph& g) { output_of<Conv2d>(g).quantization.scales = {5e-9F}; }, "too small for the clamp at 6"},
  });
}

TEST(GraphCheck, OtherOperators) {
  expect_faults({
      {"dense rows", one_dense(),
       [](Graph& g) {
         g.tensors[0].shape = {2, 5};
       },
       "does not divide into rows of 4"},
      {"dense output", one_dense(),
       [](Graph& g) {
         g.tensors[3].shape = g.tensors[4].shape = {3, 2};
       },
       "shape is [3,2], expected [2,3]"},
      {"dense keep dims", every_operator(),
       [](Graph& g) {
         output_of<FullyConnected>(g).shape = {1, 2, 3};
       },
       "shape is [1,2,3], expected [2,3]"},
      {"dense rows must match with keep dims", every_operator(),
       [](Graph& g) {
         input_of<FullyConnected>(g).shape = {1, 8};
       },
       "because of keep_num_dims"},
      {"broadcast", one_addition(),
       [](Graph& g) {
         g.tensors[1].shape = {1, 1, 3, 3};
       },
       "which does not go with [1,1,2,3] of the first input"},
      {"sum of another shape", one_addition(),
       [](Graph& g) {
         g.tensors[2].shape = {1, 2, 1, 3};
       },
       "is [1,2,1,3], expected [1,1,2,3]"},
      {"sum of a tiny scale", one_addition(), [](Graph& g) { g.tensors[2].quantization.scales = {1e-7F}; },
       "less than the kernels can reach from the scales of the inputs"},
      {"sum of floats", one_addition(), [](Graph& g) { g.tensors[0].type = DataType::float32; },
       "inputs[0]: subgraphs[0].tensors[0] (\"a\") is float32, expected int8"},
      {"sum into int32", one_addition(), [](Graph& g) { g.tensors[2].type = DataType::int32; },
       "type is int32, expected int8"},
      {"sum with a constant of another type", one_addition(),
       [](Graph& g) {
         g.tensors[1].type = DataType::int32;
         g.tensors[1].data.resize(24);
         g.inputs.pop_back();
       },
       "is int32, expected int8"},
      {"mean over no axis", every_operator(), [](Graph& g) { kind_of<Mean>(g).axes.clear(); },
       "names no axes"},
      {"mean over axis 4", every_operator(),
       [](Graph& g) {
         kind_of<Mean>(g).axes = {2, 4};
       },
       "has axes [2,4]"},
      {"mean over an axis twice", every_operator(),
       [](Graph& g) {
         kind_of<Mean>(g).axes = {3, 3};
       },
       "has axes [3,3]"},
      {"mean without kept axes", every_operator(), [](Graph& g) { kind_of<Mean>(g).keep_dims = false; },
       "is [1,8,1,1], expected [1,8]"},
      {"mean of a tiny scale", every_operator(),
       [](Graph& g) { output_of<Mean>(g).quantization.scales = {1e-8F}; }, "products leave int32"},
      {"pad of three axes", every_operator(), [](Graph& g) { kind_of<Pad>(g).paddings.pop_back(); },
       "pads 3 axes, but the input has shape [1,9,7,2]"},
      {"negative pad", every_operator(),
       [](Graph& g) {
         kind_of<Pad>(g).paddings[1] = {-1, 3};
       },
       "pads axis 1 by -1 and 3"},
      {"huge pad", every_operator(),
       [](Graph& g) {
         kind_of<Pad>(g).paddings[1] = {INT32_MAX, INT32_MAX};
       },
       "expected sizes from 0 within int32"},
      {"pad scale", every_operator(), [](Graph& g) { output_of<Pad>(g).quantization.zero_points = {6}; },
       "quantization differs from that of the input"},
      {"reshape of another size", every_operator(),
       [](Graph& g) {
         output_of<Reshape>(g).shape = {3, 4};
       },
       "is [3,4], but the input [1,8,1,1] has another number of elements"},
      {"permutation with a gap", every_operator(),
       [](Graph& g) {
         kind_of<Transpose>(g).permutation = {0, 3, 1, 1};
       },
       "has the permutation [0,3,1,1]"},
      {"permutation of three", every_operator(),
       [](Graph& g) {
         kind_of<Transpose>(g).permutation = {0, 2, 1};
       },
       "has the permutation [0,2,1]"},
      {"transposed shape", every_operator(),
       [](Graph& g) {
         kind_of<Transpose>(g).permutation = {0, 1, 2, 3};
       },
       "is [1,8,1,3], expected [1,1,3,8]"},
      {"softmax scale", one_dense(), [](Graph& g) { g.tensors[4].quantization.scales = {0.5F}; },
       "expected 1/256 and -128"},
      {"softmax zero point", one_dense(), [](Graph& g) { g.tensors[4].quantization.zero_points = {0}; },
       "expected 1/256 and -128"},
      {"softmax beta", one_dense(), [](Graph& g) { std::get<Softmax>(g.ops[1].kind).beta = 0.0F; },
       "(SOFTMAX).builtin_options.beta: is 0.0"},
      {"softmax beta not a number", one_dense(),
       [](Graph& g) { std::get<Softmax>(g.ops[1].kind).beta = std::numeric_limits<float>::quiet_NaN(); },
       "builtin_options.beta: is nan"},
      {"float inside", every_operator(),
       [](Graph& g) { op_of<Softmax>(g).inputs = {op_of<Dequantize>(g).outputs[0]}; }, "before any operator"},
      {"dequantised tensor is no output", every_operator(),
       [](Graph& g) { g.outputs = {op_of<Softmax>(g).outputs[0]}; }, "is no output of the model"},
      {"dequantised into int8", every_operator(),
       [](Graph& g) { output_of<Dequantize>(g).type = DataType::int8; }, "type is int8, expected float32"},
      {"quantised shape", every_operator(),
       [](Graph& g) {
         input_of<Quantize>(g).shape = {1, 7, 9, 2};
       },
       "is [1,9,7,2], expected [1,7,9,2]"},
  });
}

TEST(GraphCheck, WideSoftmaxRows) {
  testing::GraphBuilder b;
  const TensorId x = b.activation("x", {1, 4095}, 0.1F, 0);
  const TensorId y = b.activation("y", {1, 4095}, 1.0F / 256.0F, -128);
  b.op(Softmax{}, {x}, y);
  b.graph.inputs = {x};
  b.graph.outputs = {y};
  EXPECT_EQ(error_of(b.graph), "no error");
  b.graph.tensors[0].shape = b.graph.tensors[1].shape = {1, 4096};
  EXPECT_THAT(error_of(b.graph), HasSubstr("expected rows of 1 to 4095"));
}

TEST(GraphCheck, RequantisationThatLeavesInt32) {
  testing::GraphBuilder b;
  const TensorId x = b.activation("x", {1, 4}, 1.0F, 0);
  const TensorId y = b.activation("y", {1, 4}, 1e-3F, 0);
  b.op(Quantize{}, {x}, y);
  b.graph.inputs = {x};
  b.graph.outputs = {y};
  EXPECT_EQ(error_of(b.graph), "no error");
  b.graph.tensors[1].quantization.scales = {1e-8F};
  EXPECT_THAT(error_of(b.graph), HasSubstr("products leave int32"));
}

}  // namespace
}  // namespace thaw
