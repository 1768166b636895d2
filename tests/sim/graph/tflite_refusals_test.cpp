// What the file format allows and we refuse, or read although our writer never writes it: each case is a
// model of one operator, built field by field.
#include <gmock/gmock.h>
#include <tflite_reduced_generated.h>

#include <functional>

#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using flatbuffers::Offset;
using ::testing::HasSubstr;

/// Everything that a case may change; the defaults make x [1,2,2,1] -> MEAN over axes 1 and 2 -> y [1,1].
struct OneOperator {
  uint32_t version = 3;
  uint32_t subgraphs = 1;
  int8_t deprecated_code = 40;
  int32_t code = 40;
  std::string custom_code;
  uint32_t opcode_index = 0;
  std::vector<int32_t> inputs = {0, 1};
  std::vector<int32_t> outputs = {2};
  std::vector<int32_t> y_shape = {1, 1};
  tflite::TensorType x_type = tflite::TensorType::INT8;
  bool x_variable = false;
  bool x_sparse = false;
  uint8_t x_details = 0;
  std::vector<float> x_scales = {0.5F};
  std::vector<int64_t> x_zero_points = {3};
  std::string x_name = "x";
  uint32_t x_buffer = 0;
  tflite::TensorType steering_type = tflite::TensorType::INT32;
  std::vector<uint8_t> steering = {1, 0, 0, 0, 2, 0, 0, 0};
  std::vector<int32_t> steering_shape = {2};
  uint64_t steering_offset = 0;
  tflite::BuiltinOptions options_type = tflite::BuiltinOptions::ReducerOptions;
  std::function<Offset<void>(flatbuffers::FlatBufferBuilder&)> options = [](auto& builder) {
    return tflite::CreateReducerOptions(builder).Union();
  };
};

std::vector<std::byte> written(const OneOperator& m) {
  flatbuffers::FlatBufferBuilder fb;
  const auto quantization = [&](const std::vector<float>& scales, const std::vector<int64_t>& zeros,
                                uint8_t details) {
    return tflite::CreateQuantizationParametersDirect(fb, &scales, &zeros, details);
  };
  const std::vector<int32_t> x_shape = {1, 2, 2, 1};
  const auto sparsity =
      m.x_sparse ? tflite::CreateSparsityParameters(fb) : Offset<tflite::SparsityParameters>();
  const std::vector<Offset<tflite::Tensor>> tensors = {
      tflite::CreateTensorDirect(fb, &x_shape, m.x_type, m.x_buffer, m.x_name.c_str(),
                                 quantization(m.x_scales, m.x_zero_points, m.x_details), m.x_variable,
                                 sparsity),
      tflite::CreateTensorDirect(fb, &m.steering_shape, m.steering_type, 1, "steering"),
      tflite::CreateTensorDirect(fb, &m.y_shape, tflite::TensorType::INT8, 0, "y",
                                 quantization({0.5F}, {3}, 0))};
  const std::vector<Offset<tflite::Operator>> operators = {
      tflite::CreateOperatorDirect(fb, m.opcode_index, &m.inputs, &m.outputs, m.options_type, m.options(fb))};
  const std::vector<int32_t> graph_inputs = {0};
  std::vector<Offset<tflite::SubGraph>> subgraphs;
  for (uint32_t i = 0; i < m.subgraphs; ++i)
    subgraphs.push_back(
        tflite::CreateSubGraphDirect(fb, &tensors, &graph_inputs, &m.outputs, &operators, "main"));
  const std::vector<Offset<tflite::OperatorCode>> codes = {tflite::CreateOperatorCodeDirect(
      fb, m.deprecated_code, m.custom_code.empty() ? nullptr : m.custom_code.c_str(), 1, m.code)};
  const std::vector<Offset<tflite::Buffer>> buffers = {
      tflite::CreateBuffer(fb), tflite::CreateBufferDirect(fb, &m.steering, m.steering_offset, 0)};
  tflite::FinishModelBuffer(fb,
                            tflite::CreateModelDirect(fb, m.version, &codes, &subgraphs, "test", &buffers));
  const auto* start = reinterpret_cast<const std::byte*>(fb.GetBufferPointer());
  return {start, start + fb.GetSize()};
}

std::string error_of(const OneOperator& model) {
  return testing::error_of([&] { read_tflite(written(model), "m.tflite"); });
}

struct Case {
  std::function<void(OneOperator&)> change;
  const char* message;  // "no error" where the reader must accept
};

void expect_messages(const std::vector<Case>& cases, const OneOperator& sound = {}) {
  ASSERT_EQ(error_of(sound), "no error");
  for (const Case& c : cases) {
    OneOperator model = sound;
    c.change(model);
    EXPECT_THAT(error_of(model), HasSubstr(c.message));
  }
}

TEST(TfliteRefusals, ModelAndOperatorCodes) {
  expect_messages({
      {[](OneOperator& m) { m.version = 2; }, "m.tflite: version: is 2, expected 3"},
      {[](OneOperator& m) { m.subgraphs = 0; }, "m.tflite: subgraphs: is empty, expected the model"},
      {[](OneOperator& m) { m.opcode_index = 1; },
       "subgraphs[0].operators[0].opcode_index: is 1, but operator_codes has 1 entries"},
      // Old files have only the first of the two codes, new operators only the second.
      {[](OneOperator& m) { m.code = 0; }, "no error"},
      {[](OneOperator& m) { m.deprecated_code = 0; }, "no error"},
      {[](OneOperator& m) { m.deprecated_code = 127, m.code = 150; },
       "operator GELU is not supported (built-in operator 150, 1 time; it writes tensor 2 \"y\")"},
      {[](OneOperator& m) { m.code = 32, m.deprecated_code = 32, m.custom_code = "Mine"; },
       "operator CUSTOM \"Mine\" is not supported (built-in operator 32, 1 time"},
      {[](OneOperator& m) { m.code = 60, m.outputs = {}; },
       "operator PADV2 is not supported (built-in operator 60, 1 time; it writes no tensor)"},
      {[](OneOperator& m) { m.code = 60, m.outputs = {9}; },
       "(PADV2).outputs[0]: is tensor 9, but the model has 3 tensors"},
      {[](OneOperator& m) { m.options_type = tflite::BuiltinOptions::PadOptions; },
       "operators[0] (MEAN).builtin_options: is missing or of another operator"},
      {[](OneOperator& m) { m.inputs.assign(65, 0); }, "(MEAN): has more than 64 inputs or outputs"},
      {[](OneOperator& m) { m.outputs.assign(257, 2); }, "subgraphs[0]: has more than 256 inputs or outputs"},
  });
}

TEST(TfliteRefusals, Tensors) {
  expect_messages({
      {[](OneOperator& m) { m.x_type = tflite::TensorType::INT16; },
       "m.tflite: holds activations of type int16 (the first is \"x\"), expected int8, or uint8 or float32"},
      {[](OneOperator& m) { m.x_type = static_cast<tflite::TensorType>(99); },
       "holds activations of type unknown"},
      {[](OneOperator& m) { m.x_variable = true; }, "tensors[0] (\"x\").is_variable: is true"},
      {[](OneOperator& m) { m.x_sparse = true; }, "tensors[0] (\"x\").sparsity: contradicts"},
      {[](OneOperator& m) { m.x_details = 1; }, "tensors[0] (\"x\").quantization.details: is present"},
      {[](OneOperator& m) { m.x_scales.assign(3, 1.0F); },
       "tensors[0] (\"x\").quantization.scale: holds 3 scales, more than any axis has slices"},
      {[](OneOperator& m) {
         m.x_zero_points = {0, 0};
       },
       "holds 2 zero points for 1 scales"},
      {[](OneOperator& m) { m.x_zero_points = {int64_t{1} << 40}; },
       "zero_point: is 1099511627776, expected -128..127"},
      {[](OneOperator& m) { m.x_zero_points = {}; }, "no error"},  // absent means 0
      {[](OneOperator& m) { m.x_buffer = 7; },
       "subgraphs[0].tensors[0].buffer: is 7, but the model has 2 buffers"},
      {[](OneOperator& m) { m.x_name.assign(5000, 'n'); }, ".name: has more than 4096 bytes"},
      {[](OneOperator& m) { m.steering_offset = 4096; }, "buffers[1].offset: points outside the flatbuffer"},
  });
}

TEST(TfliteRefusals, SteeringConstants) {
  expect_messages({
      {[](OneOperator& m) { m.inputs = {0}; },
       "operators[0] (MEAN).inputs: holds 1 tensors, expected 2: the data and the axes"},
      {[](OneOperator& m) {
         m.inputs = {0, -1};
       },
       "(MEAN).inputs[1]: is absent"},
      {[](OneOperator& m) {
         m.inputs = {-1, 1};
       },
       "(MEAN).inputs[0]: is absent"},
      {[](OneOperator& m) { m.steering_type = tflite::TensorType::FLOAT32; },
       "operators[0] (MEAN).inputs[1]: is of type float32, expected int32"},
      {[](OneOperator& m) { m.steering.clear(); },
       "(MEAN).inputs[1]: is not a constant. The axes must be fixed"},
      {[](OneOperator& m) { m.steering.pop_back(); },
       "(MEAN).inputs[1]: holds 7 bytes, which does not fit its shape"},
      {[](OneOperator& m) { m.steering_shape = {-2}; },
       "(MEAN).inputs[1]: holds 8 bytes, which does not fit its shape"},
      {[](OneOperator& m) { m.steering.assign(400, 1), m.steering_shape = {100}; }, "holds 400 bytes"},
      {[](OneOperator& m) { m.steering[0] = 4; }, "(MEAN).inputs[1]: names axis 4, but the input has 4 axes"},
      {[](OneOperator& m) {
         m.steering = {0xfb, 0xff, 0xff, 0xff}, m.steering_shape = {1};
       },
       "names axis -5"},
      {[](OneOperator& m) { m.steering = {0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0}; },
       "no error"},  // axis -2 is axis 2
      {[](OneOperator& m) {
         m.steering_type = tflite::TensorType::INT64;
         m.steering = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
       },
       "no error"},
      {[](OneOperator& m) {
         m.steering_type = tflite::TensorType::INT64;
         m.steering = {1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
       },
       "(MEAN).inputs[1]: holds 4294967297, beyond int32"},
  });
}

TEST(TfliteRefusals, PadAndReshape) {
  OneOperator pad;
  pad.code = pad.deprecated_code = 34;
  pad.steering.assign(32, 0);
  pad.steering_shape = {4, 2};
  pad.y_shape = {1, 2, 2, 1};
  expect_messages({{[](OneOperator& m) { m.steering.resize(28), m.steering_shape = {7}; },
                    "operators[0] (PAD).inputs[1]: holds 7 numbers, expected pairs"}},
                  pad);

  OneOperator reshape;
  reshape.code = reshape.deprecated_code = 22;
  reshape.steering = {1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};  // [1,-1]
  reshape.y_shape = {1, 4};
  expect_messages({{[](OneOperator& m) { m.steering[0] = 4; },
                    "operators[0] (RESHAPE).inputs[1]: asks for another shape than the output tensor has"},
                   {[](OneOperator& m) {
                      m.inputs = {0, -1};
                    },
                    "no error"},
                   {[](OneOperator& m) { m.inputs = {0}; }, "no error"}},
                  reshape);
}

TEST(TfliteRefusals, OptionsOutsideTheirEnumerations) {
  OneOperator pool;
  pool.code = pool.deprecated_code = 17;
  pool.inputs = {0};
  pool.y_shape = {1, 2, 2, 1};
  pool.options_type = tflite::BuiltinOptions::Pool2DOptions;
  const auto options = [](tflite::Padding padding, tflite::ActivationFunctionType activation) {
    return [=](flatbuffers::FlatBufferBuilder& fb) {
      return tflite::CreatePool2DOptions(fb, padding, 1, 1, 1, 1, activation).Union();
    };
  };
  pool.options = options(tflite::Padding::SAME, tflite::ActivationFunctionType::NONE);
  expect_messages(
      {{[&](OneOperator& m) {
          m.options = options(tflite::Padding::SAME, tflite::ActivationFunctionType::TANH);
        },
        "operators[0] (MAX_POOL_2D).builtin_options.fused_activation_function: is number 4, expected 0 "
        "(NONE), 1 (RELU) "
        "or 3 (RELU6)"},
       {[&](OneOperator& m) {
          m.options = options(static_cast<tflite::Padding>(2), tflite::ActivationFunctionType::NONE);
        },
        "operators[0] (MAX_POOL_2D).builtin_options.padding: is number 2, expected 0 (SAME) or 1 (VALID)"}},
      pool);

  OneOperator dense;
  dense.code = dense.deprecated_code = 9;
  dense.options_type = tflite::BuiltinOptions::FullyConnectedOptions;
  dense.options = [](flatbuffers::FlatBufferBuilder& fb) {
    return tflite::CreateFullyConnectedOptions(fb, tflite::ActivationFunctionType::NONE, 1).Union();
  };
  EXPECT_THAT(error_of(dense),
              HasSubstr("(FULLY_CONNECTED).builtin_options.weights_format: is number 1, expected 0"));
}

// A subgraph named again and again multiplies the tables that a verifier must visit; it gives up in time.
TEST(TfliteRefusals, TooManyTables) {
  OneOperator model;
  model.subgraphs = 100000;
  EXPECT_THAT(error_of(model), HasSubstr("m.tflite: byte "));
}

}  // namespace
}  // namespace thaw
