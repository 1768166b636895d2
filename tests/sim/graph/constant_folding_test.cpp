// Operators whose result the file decides: values worked out by hand, and what is left alone.
#include "sim/graph/constant_folding.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "sim/graph/constant_value.h"
#include "sim/graph/tflite_reader.h"
#include "tests/sim/graph/file_builder.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

using testing::FileBuilder;
using tflite::BuiltinOptions;
using tflite::TensorType;
using Numbers = std::vector<int64_t>;
using Shape = std::vector<int32_t>;

/// Adds operators to a file; returns the number of the tensor to look at.
using Build = std::function<int32_t(FileBuilder&)>;

std::optional<ConstantValue> folded(const Build& build) {
  FileBuilder file;
  const int32_t wanted = build(file);
  const std::vector<std::byte> bytes = file.finish({}, {wanted});
  const tflite::Model& model = *tflite::GetModel(bytes.data());
  const Folding folding = fold_constants(model, *model.subgraphs()->Get(0));
  const auto value = folding.constants.find(wanted);
  EXPECT_EQ(value != folding.constants.end(), folding.left_out.back());
  if (value == folding.constants.end()) return std::nullopt;
  return value->second;
}

void expect_folded(const Build& build, const Shape& shape, const Numbers& numbers) {
  const std::optional<ConstantValue> value = folded(build);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->shape, shape);
  EXPECT_EQ(integers_of({value->type, value->shape, value->bytes}), numbers);
}

/// x (2 rows of 3: 0..5) through one operator that also reads `others` and has these options.
template <class Options>
Build on_matrix(int32_t code, const std::vector<Shape>& others, const Shape& out, BuiltinOptions type,
                const Options& options) {
  return [=](FileBuilder& file) {
    std::vector<int32_t> inputs = {file.constant<int32_t>(TensorType::INT32, {2, 3}, {0, 1, 2, 3, 4, 5})};
    for (const Shape& other : others) inputs.push_back(file.integers(other));
    const int32_t result = file.tensor(TensorType::INT32, out);
    file.op(code, inputs, {result}, type, options(file.fb));
    return result;
  };
}

const auto kNoOptions = [](flatbuffers::FlatBufferBuilder&) { return flatbuffers::Offset<void>(); };

auto strided(int32_t begin_mask, int32_t end_mask, int32_t shrink_mask, int32_t ellipsis_mask = 0,
             int32_t new_axis_mask = 0) {
  return [=](flatbuffers::FlatBufferBuilder& fb) {
    return tflite::CreateStridedSliceOptions(fb, begin_mask, end_mask, ellipsis_mask, new_axis_mask,
                                             shrink_mask)
        .Union();
  };
}

constexpr int32_t kConcatenation = 2, kReshape = 22, kGather = 36, kTranspose = 39, kStridedSlice = 45,
                  kCast = 53, kSlice = 65, kShape = 77, kReduceProd = 81, kPack = 83, kFloorDiv = 90,
                  kFill = 94, kRank = 110, kQuantize = 114;

TEST(ConstantFolding, TheShapeThatKerasComputesForFlatten) {
  const Graph graph =
      read_tflite(testing::golden_folder() / "cases" / "operator-dynamic-flatten" / "model.tflite");
  ASSERT_EQ(graph.ops.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Reshape>(graph.ops[1].kind));
  EXPECT_EQ(graph.tensor(graph.ops[1].outputs[0]).shape, (Shape{1, 96}));
  // Operators keep their numbers in the file, for messages.
  EXPECT_EQ(graph.ops[1].file_index, 4);
}

TEST(ConstantFolding, ShapeAndRankOfAnActivation) {
  for (TensorType type : {TensorType::INT32, TensorType::INT64}) {
    const auto build = [&](int32_t code, const Shape& out) {
      return [=](FileBuilder& file) {
        const int32_t x = file.tensor(TensorType::INT8, {1, 5, 7});
        const int32_t y = file.tensor(type, out);
        file.op(code, {x}, {y});
        return y;
      };
    };
    expect_folded(build(kShape, {3}), {3}, {1, 5, 7});
    expect_folded(build(kRank, {}), {}, {3});
  }
}

TEST(ConstantFolding, StridedSlice) {
  const auto slice = [](const Shape& begin, const Shape& end, const Shape& strides, const auto& options) {
    return on_matrix(kStridedSlice, {begin, end, strides}, {}, BuiltinOptions::StridedSliceOptions, options);
  };
  expect_folded(slice({0, 1}, {2, 3}, {1, 1}, strided(0, 0, 0)), {2, 2}, {1, 2, 4, 5});
  expect_folded(slice({0, -1}, {2, 0}, {1, -1}, strided(0, 2, 0)), {2, 3}, {2, 1, 0, 5, 4, 3});
  expect_folded(slice({1, 0}, {2, 99}, {1, 2}, strided(0, 0, 1)), {2}, {3, 5});
  expect_folded(slice({-1}, {0}, {1}, strided(0, 0, 1)), {3}, {3, 4, 5});
  expect_folded(slice({9, 1}, {9, 2}, {1, 1}, strided(1, 1, 2)), {2}, {1, 4});
  // An ellipsis takes all that nothing else names; a new axis has one position.
  expect_folded(slice({0, 1}, {0, 2}, {1, 1}, strided(0, 0, 0, 1)), {2, 1}, {1, 4});
  expect_folded(slice({0, 1}, {0, 2}, {1, 1}, strided(0, 0, 0, 0, 1)), {1, 1, 3}, {3, 4, 5});
  // Nothing is left, no such position, no step, more axes than there are.
  EXPECT_FALSE(folded(slice({1}, {1}, {1}, strided(0, 0, 0))));
  EXPECT_FALSE(folded(slice({2}, {3}, {1}, strided(0, 0, 1))));
  EXPECT_FALSE(folded(slice({0}, {2}, {0}, strided(0, 0, 0))));
  EXPECT_FALSE(folded(slice({0, 0, 0}, {1, 1, 1}, {1, 1, 1}, strided(0, 0, 0))));
}

TEST(ConstantFolding, OperatorsThatMoveElements) {
  const auto none = BuiltinOptions::NONE;
  expect_folded(on_matrix(kReshape, {{3, 2}}, {3, 2}, none, kNoOptions), {3, 2}, {0, 1, 2, 3, 4, 5});
  expect_folded(on_matrix(kTranspose, {{1, 0}}, {3, 2}, none, kNoOptions), {3, 2}, {0, 3, 1, 4, 2, 5});
  expect_folded(on_matrix(kSlice, {{0, 1}, {-1, 1}}, {2, 1}, none, kNoOptions), {2, 1}, {1, 4});
  const auto gather = [](int32_t axis) {
    return
        [axis](flatbuffers::FlatBufferBuilder& fb) { return tflite::CreateGatherOptions(fb, axis).Union(); };
  };
  expect_folded(on_matrix(kGather, {{2, 0}}, {2, 2}, BuiltinOptions::GatherOptions, gather(-1)), {2, 2},
                {2, 0, 5, 3});
  EXPECT_FALSE(folded(on_matrix(kTranspose, {{1, 1}}, {3, 2}, none, kNoOptions)));
  EXPECT_FALSE(folded(on_matrix(kSlice, {{0, 1}, {2, 3}}, {2, 3}, none, kNoOptions)));
  EXPECT_FALSE(folded(on_matrix(kGather, {{3}}, {2, 1}, BuiltinOptions::GatherOptions, gather(1))));
  EXPECT_FALSE(folded(on_matrix(kReshape, {{7}}, {7}, none, kNoOptions)));
}

TEST(ConstantFolding, OperatorsThatJoin) {
  const auto join = [](int32_t code, int32_t axis, int32_t second) {
    return [=](FileBuilder& file) {
      const int32_t a = file.constant<int32_t>(TensorType::INT32, {2, 1}, {1, 2});
      const int32_t b =
          file.constant<int32_t>(TensorType::INT32, {2, second}, Shape(static_cast<size_t>(2 * second), 7));
      const int32_t y = file.tensor(TensorType::INT32, {});
      const bool pack = code == kPack;
      file.op(code, {a, b}, {y}, pack ? BuiltinOptions::PackOptions : BuiltinOptions::ConcatenationOptions,
              pack ? tflite::CreatePackOptions(file.fb, 2, axis).Union()
                   : tflite::CreateConcatenationOptions(file.fb, axis).Union());
      return y;
    };
  };
  expect_folded(join(kPack, 0, 1), {2, 2, 1}, {1, 2, 7, 7});
  expect_folded(join(kPack, -1, 1), {2, 1, 2}, {1, 7, 2, 7});
  expect_folded(join(kConcatenation, 1, 2), {2, 3}, {1, 7, 7, 2, 7, 7});
  EXPECT_FALSE(folded(join(kPack, 0, 2)));
  EXPECT_FALSE(folded(join(kPack, 3, 1)));
  EXPECT_FALSE(folded(join(kConcatenation, 0, 2)));
}

Build of_two(
    int32_t code, int32_t a, int32_t b, BuiltinOptions type = BuiltinOptions::NONE,
    const std::function<flatbuffers::Offset<void>(flatbuffers::FlatBufferBuilder&)>& options = kNoOptions) {
  return [=](FileBuilder& file) {
    const int32_t x = file.integers({a, a}), y = file.scalar(b), z = file.tensor(TensorType::INT32, {2});
    file.op(code, {x, y}, {z}, type, options(file.fb));
    return z;
  };
}

TEST(ConstantFolding, ArithmeticOfShapes) {
  const auto add = [](flatbuffers::FlatBufferBuilder& fb) { return tflite::CreateAddOptions(fb).Union(); };
  const auto relu = [](flatbuffers::FlatBufferBuilder& fb) {
    return tflite::CreateAddOptions(fb, tflite::ActivationFunctionType::RELU).Union();
  };
  const auto mul = [](flatbuffers::FlatBufferBuilder& fb) { return tflite::CreateMulOptions(fb).Union(); };
  expect_folded(of_two(0, 3, -5, BuiltinOptions::AddOptions, add), {2}, {-2, -2});
  expect_folded(of_two(18, 3, -5, BuiltinOptions::MulOptions, mul), {2}, {-15, -15});
  expect_folded(of_two(kFloorDiv, -7, 2), {2}, {-4, -4});
  expect_folded(of_two(55, 3, 4), {2}, {4, 4});
  expect_folded(of_two(57, 3, 4), {2}, {3, 3});
  EXPECT_FALSE(folded(of_two(0, 3, -5, BuiltinOptions::AddOptions, relu)));
  EXPECT_FALSE(folded(of_two(0, INT32_MAX, 1, BuiltinOptions::AddOptions, add))) << "beyond int32";
  EXPECT_FALSE(folded(of_two(kFloorDiv, 1, 0)));
}

TEST(ConstantFolding, CastFillAndProduct) {
  const auto cast = [](TensorType to, int64_t number) {
    return [=](FileBuilder& file) {
      const int32_t x = file.constant<int64_t>(TensorType::INT64, {1}, {number});
      const int32_t y = file.tensor(to, {1});
      file.op(kCast, {x}, {y});
      return y;
    };
  };
  expect_folded(cast(TensorType::INT32, -3), {1}, {-3});
  expect_folded(cast(TensorType::BOOL, 9), {1}, {1});
  EXPECT_FALSE(folded(cast(TensorType::INT32, int64_t{1} << 40)));
  const auto from_float = [](FileBuilder& file) {
    const int32_t x = file.constant<float>(TensorType::FLOAT32, {2}, {-2.9F, 2.9F});
    const int32_t y = file.tensor(TensorType::INT32, {2});
    file.op(kCast, {x}, {y});
    return y;
  };
  expect_folded(from_float, {2}, {-2, 2});
  const auto fill = [](FileBuilder& file) {
    const int32_t y = file.tensor(TensorType::INT32, {2, 3});
    file.op(kFill, {file.integers({2, 3}), file.scalar(8)}, {y});
    return y;
  };
  expect_folded(fill, {2, 3}, Numbers(6, 8));
  const auto product = [](FileBuilder& file) {
    const int32_t y = file.tensor(TensorType::INT32, {});
    file.op(kReduceProd, {file.integers({3, 4, 5}), file.integers({0})}, {y}, BuiltinOptions::ReducerOptions,
            tflite::CreateReducerOptions(file.fb).Union());
    return y;
  };
  expect_folded(product, {}, {60});
}

TEST(ConstantFolding, QuantizeOfFloatsRoundsHalvesAwayFromZero) {
  const auto quantize = [](FileBuilder& file) {  // scale 0.5, zero point 3
    const int32_t x = file.constant<float>(TensorType::FLOAT32, {4}, {0.25F, -0.25F, 1.0F, 1000.0F});
    const int32_t y = file.tensor(TensorType::INT8, {4});
    file.op(kQuantize, {x}, {y});
    return y;
  };
  expect_folded(quantize, {4}, {4, 2, 5, 127});
}

TEST(ConstantFolding, ResultsFeedLaterOperators) {
  const auto chain = [](FileBuilder& file) {
    const int32_t x = file.tensor(TensorType::INT8, {4, 6});
    const int32_t shape = file.tensor(TensorType::INT64, {2}), narrow = file.tensor(TensorType::INT32, {2});
    const int32_t product = file.tensor(TensorType::INT32, {});
    file.op(kShape, {x}, {shape});
    file.op(kCast, {shape}, {narrow});
    file.op(kReduceProd, {narrow, file.integers({-1})}, {product}, BuiltinOptions::ReducerOptions,
            tflite::CreateReducerOptions(file.fb).Union());
    return product;
  };
  expect_folded(chain, {}, {24});
}

TEST(ConstantFolding, DoublingAConstantEnds) {
  FileBuilder file;
  int32_t x = file.integers(Shape(1024, 1));
  for (int step = 0; step < 40; ++step) {
    const int32_t y = file.tensor(TensorType::INT32, {});
    file.op(kConcatenation, {x, x}, {y}, BuiltinOptions::ConcatenationOptions,
            tflite::CreateConcatenationOptions(file.fb, 0).Union());
    x = y;
  }
  const std::vector<std::byte> bytes = file.finish({}, {x});
  const tflite::Model& model = *tflite::GetModel(bytes.data());
  int64_t made = 0;
  for (const auto& [number, value] : fold_constants(model, *model.subgraphs()->Get(0)).constants)
    made += static_cast<int64_t>(value.bytes.size());
  EXPECT_LE(made, kMostFoldedBytes);
}

}  // namespace
}  // namespace thaw
