// What a file as a whole is that Thaw cannot run: one message, the type first, every operator counted.
#include "sim/graph/foreign_model.h"

#include <gmock/gmock.h>
#include <tflite_reduced_generated.h>

#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "tests/support/error_of.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using tflite::TensorType;

std::string of_case(const std::string& name) {
  return error_of([&] { read_tflite(testing::golden_folder() / "cases" / name / "model.tflite"); });
}

/// A chain of operators, each reading the tensor that the one before has made. `codes` are built-in numbers;
/// tensor i has type `types[i]`.
std::string of_chain(const std::vector<int32_t>& codes, const std::vector<TensorType>& types,
                     const std::vector<std::string>& custom = {}) {
  flatbuffers::FlatBufferBuilder fb;
  std::vector<flatbuffers::Offset<tflite::Tensor>> tensors;
  const std::vector<int32_t> shape = {1, 4};
  for (size_t i = 0; i < types.size(); ++i)
    tensors.push_back(tflite::CreateTensorDirect(fb, &shape, types[i], 0, ("t" + std::to_string(i)).c_str()));
  std::vector<flatbuffers::Offset<tflite::OperatorCode>> operator_codes;
  std::vector<flatbuffers::Offset<tflite::Operator>> operators;
  for (size_t i = 0; i < codes.size(); ++i) {
    operator_codes.push_back(tflite::CreateOperatorCodeDirect(
        fb, static_cast<int8_t>(codes[i]), custom.empty() ? nullptr : custom[i].c_str(), 1, codes[i]));
    const std::vector<int32_t> inputs = {static_cast<int32_t>(i)}, outputs = {static_cast<int32_t>(i) + 1};
    operators.push_back(tflite::CreateOperatorDirect(fb, static_cast<uint32_t>(i), &inputs, &outputs));
  }
  const std::vector<int32_t> first = {0}, last = {static_cast<int32_t>(codes.size())};
  const std::vector<flatbuffers::Offset<tflite::SubGraph>> subgraphs = {
      tflite::CreateSubGraphDirect(fb, &tensors, &first, &last, &operators, "main")};
  const std::vector<flatbuffers::Offset<tflite::Buffer>> buffers = {tflite::CreateBuffer(fb)};
  tflite::FinishModelBuffer(fb,
                            tflite::CreateModelDirect(fb, 3, &operator_codes, &subgraphs, "test", &buffers));
  const auto* start = reinterpret_cast<const std::byte*>(fb.GetBufferPointer());
  return error_of([&] { read_tflite(std::span(start, fb.GetSize()), "m.tflite"); });
}

constexpr int32_t kExp = 47, kFloor = 8, kGelu = 150, kCustom = 32, kQuantize = 114, kDequantize = 6,
                  kSoftmax = 25;

TEST(ForeignModel, NamesEveryOperatorAndHowOftenItOccurs) {
  const std::vector<TensorType> int8(6, TensorType::INT8);
  EXPECT_THAT(
      of_chain({kSoftmax, kExp, kFloor, kExp, kExp}, int8),
      StartsWith("m.tflite: subgraphs[0].operators[1]: operators EXP (built-in operator 47, 3 times), "
                 "FLOOR (built-in operator 8, 1 time) are not supported; the first writes tensor 2 "
                 "\"t2\". Supported"));
  EXPECT_THAT(of_chain({kExp, kSoftmax, kExp}, int8),
              StartsWith("m.tflite: subgraphs[0].operators[0]: operator EXP is not supported (built-in "
                         "operator 47, 2 times; the first writes tensor 1 \"t1\"). Supported"));
}

TEST(ForeignModel, CutsALongListOfCustomOperators) {
  std::vector<std::string> names;
  for (int i = 0; i < 30; ++i) names.push_back("Mine" + std::to_string(i));
  EXPECT_THAT(
      of_chain(std::vector<int32_t>(30, kCustom), std::vector<TensorType>(31, TensorType::INT8), names),
      AllOf(HasSubstr("CUSTOM \"Mine19\" ("), HasSubstr(" and 10 more are not supported")));
}

TEST(ForeignModel, NamesTheTypeFirst) {
  const char* advice = "Convert it with a representative_dataset and supported_ops TFLITE_BUILTINS_INT8";
  EXPECT_THAT(of_case("float-model-named-first"),
              AllOf(StartsWith("model.tflite: is a float32 model, which must be quantised to int8"),
                    HasSubstr(advice)));
  EXPECT_EQ(of_chain({kSoftmax}, {TensorType::FLOAT32, TensorType::FLOAT32}),
            std::string("m.tflite: is a float32 model, which must be quantised to int8. ") + advice);
  EXPECT_EQ(of_chain({kSoftmax}, {TensorType::UINT8, TensorType::UINT8}),
            std::string("m.tflite: is a uint8 model, which must be quantised to int8. ") + advice);
  EXPECT_THAT(
      of_chain({kSoftmax, kExp}, std::vector<TensorType>(3, TensorType::INT16)),
      StartsWith("m.tflite: is an int16 model, which must be quantised to int8; operators that are not"));
  // One operator in int8 makes it an int8 model with something float inside.
  EXPECT_THAT(of_chain({kSoftmax, kDequantize, kGelu},
                       {TensorType::INT8, TensorType::INT8, TensorType::FLOAT32, TensorType::FLOAT32}),
              HasSubstr("operator GELU is not supported"));
}

TEST(ForeignModel, NamesTypesThatActivationsMayNotHaveFirst) {
  EXPECT_EQ(
      of_chain({kSoftmax, kSoftmax, kExp, kQuantize},
               {TensorType::INT16, TensorType::INT8, TensorType::INT64, TensorType::INT8, TensorType::INT16}),
      "m.tflite: holds activations of type int64, int16 (the first is \"t2\"), expected int8, or uint8 or "
      "float32 at its ends; operators that are not supported either: EXP (built-in operator 47, 1 time). "
      "Convert it with a representative_dataset and supported_ops TFLITE_BUILTINS_INT8");
}

TEST(ForeignModel, OperatorsThatAreFoldedAwayDoNotCount) {
  constexpr int32_t kShape = 77, kCallOnce = 129;
  EXPECT_THAT(
      of_chain({kExp, kShape}, {TensorType::INT8, TensorType::INT8, TensorType::INT32}),
      AllOf(HasSubstr("operator EXP is not supported"), ::testing::Not(HasSubstr("SHAPE (built-in"))));
  EXPECT_THAT(of_chain({kCallOnce}, {TensorType::INT8, TensorType::INT8}), HasSubstr("CALL_ONCE"))
      << "one that writes a tensor is none that only fills variables";
}

TEST(ForeignModel, OperatorsThatWereOnceRefusedAreRead) {
  EXPECT_EQ(of_case("add-constant"), "no error");
  EXPECT_THAT(of_case("operators-all-named"), HasSubstr("expected 1/128 and 0"))
      << "TANH has a scale of its own";
}

}  // namespace
}  // namespace thaw
