// SLICE, STRIDED_SLICE, SPLIT, SPLIT_V and UNPACK as the reader makes slices of them, worked out by hand, and
// back through the writer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "tests/sim/graph/file_builder.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using testing::FileBuilder;
using tflite::BuiltinOptions;
using tflite::TensorType;
using Shape = std::vector<int32_t>;
using Axes = std::vector<TakenAxis>;

constexpr int32_t kStridedSlice = 45, kSplit = 49, kSlice = 65, kUnpack = 88, kSplitV = 102;

struct Taken {
  Axes axes;
  Shape shape;
  bool operator==(const Taken&) const = default;
};

std::vector<Taken> taken_of(const Graph& graph) {
  std::vector<Taken> all;
  for (const Op& op : graph.ops)
    all.push_back({std::get<Slice>(op.kind).axes, graph.tensor(op.outputs[0]).shape});
  return all;
}

/// One operator on x [1,4,3]; `steer` adds its other inputs, x being the tensor it is given.
std::vector<std::byte> file_of(int32_t code, const std::vector<Shape>& outputs,
                               const std::function<std::vector<int32_t>(FileBuilder&, int32_t)>& steer,
                               BuiltinOptions type = BuiltinOptions::NONE,
                               const std::function<flatbuffers::Offset<void>(FileBuilder&)>& options = {}) {
  FileBuilder file;
  const int32_t x = file.tensor(TensorType::INT8, {1, 4, 3});
  std::vector<int32_t> made;
  for (const Shape& shape : outputs) made.push_back(file.tensor(TensorType::INT8, shape));
  const std::vector<int32_t> inputs = steer(file, x);
  if (options)
    file.op(code, inputs, made, type, options(file));
  else
    file.op(code, inputs, made);
  return file.finish({x}, made);
}

/// As read, and as read again from what was written.
void expect_taken(const std::vector<std::byte>& bytes, const std::vector<Taken>& expected) {
  const Graph graph = read_tflite(bytes, "m.tflite");
  EXPECT_EQ(taken_of(graph), expected);
  EXPECT_EQ(taken_of(read_tflite(write_tflite(graph), "again.tflite")), expected);
}

std::string error_of(const std::vector<std::byte>& bytes) {
  return testing::error_of([&] { read_tflite(bytes, "m.tflite"); });
}

std::vector<std::byte> strided(const Shape& begin, const Shape& end, const Shape& strides,
                               const std::vector<int32_t>& masks, const Shape& output) {
  return file_of(
      kStridedSlice, {output},
      [&](FileBuilder& file, int32_t x) {
        return std::vector{x, file.integers(begin), file.integers(end), file.integers(strides)};
      },
      BuiltinOptions::StridedSliceOptions,
      [&](FileBuilder& file) {
        return tflite::CreateStridedSliceOptions(file.fb, masks[0], masks[1], masks[2], masks[3], masks[4])
            .Union();
      });
}

TEST(Slices, OfSliceAndStridedSlice) {
  expect_taken(file_of(kSlice, {{1, 2, 1}},
                       [](FileBuilder& file, int32_t x) {
                         return std::vector{x, file.integers({0, 1, 2}), file.integers({-1, 2, 1})};
                       }),
               {{{{0, 1, 1}, {1, 1, 2}, {2, 1, 1}}, {1, 2, 1}}});
  // The last two rows, as streaming models keep them; every second one upwards and all downwards; one row.
  expect_taken(strided({0, -2, 0}, {0, 0, 3}, {1, 1, 1}, {1, 3, 0, 0, 0}, {1, 2, 3}),
               {{{{0, 1, 1}, {2, 1, 2}, {0, 1, 3}}, {1, 2, 3}}});
  expect_taken(strided({0, 1, -1}, {1, 4, 0}, {1, 2, -1}, {0, 4, 0, 0, 0}, {1, 2, 3}),
               {{{{0, 1, 1}, {1, 2, 2}, {2, -1, 3}}, {1, 2, 3}}});
  expect_taken(strided({0, 1, 0}, {1, 2, 3}, {1, 1, 1}, {0, 0, 0, 0, 3}, {3}),
               {{{{0, 1, 1}, {1, 1, 1}, {0, 1, 3}}, {3}}});
  // An ellipsis stands for the axes between.
  expect_taken(strided({0, 1}, {0, 2}, {1, 1}, {0, 0, 1, 0, 0}, {1, 4, 1}),
               {{{{0, 1, 1}, {0, 1, 4}, {1, 1, 1}}, {1, 4, 1}}});
}

TEST(Slices, OfEachOutputOfASplit) {
  const std::vector<Taken> halves = {{{{0, 1, 1}, {0, 1, 2}, {0, 1, 3}}, {1, 2, 3}},
                                     {{{0, 1, 1}, {2, 1, 2}, {0, 1, 3}}, {1, 2, 3}}};
  expect_taken(file_of(kSplit, {{1, 2, 3}, {1, 2, 3}},
                       [](FileBuilder& file, int32_t x) {
                         return std::vector{file.scalar(-2), x};
                       }),
               halves);
  expect_taken(
      file_of(kSplitV, {{1, 4, 1}, {1, 4, 2}},
              [](FileBuilder& file, int32_t x) {
                return std::vector{x, file.integers({1, -1}), file.scalar(2)};
              }),
      {{{{0, 1, 1}, {0, 1, 4}, {0, 1, 1}}, {1, 4, 1}}, {{{0, 1, 1}, {0, 1, 4}, {1, 1, 2}}, {1, 4, 2}}});
  std::vector<Taken> columns;
  for (int32_t c = 0; c < 3; ++c) columns.push_back({{{0, 1, 1}, {0, 1, 4}, {c, 1, 1}}, {1, 4}});
  expect_taken(file_of(
                   kUnpack, {{1, 4}, {1, 4}, {1, 4}}, [](FileBuilder&, int32_t x) { return std::vector{x}; },
                   BuiltinOptions::UnpackOptions,
                   [](FileBuilder& file) { return tflite::CreateUnpackOptions(file.fb, 3, -1).Union(); }),
               columns);
}

TEST(Slices, OfElementsThatAreNotThereAreRefused) {
  const auto split = [](const std::vector<Shape>& outputs, int32_t axis) {
    return file_of(kSplit, outputs, [=](FileBuilder& file, int32_t x) {
      return std::vector{file.scalar(axis), x};
    });
  };
  EXPECT_THAT(error_of(split({{1, 4, 1}, {1, 4, 1}}, 2)),
              ::testing::HasSubstr("leaves elements of its input"));
  EXPECT_THAT(error_of(split({{1, 2, 3}, {1, 3, 3}}, 1)),
              ::testing::HasSubstr("not that of what the operator"));
  EXPECT_THAT(error_of(split({{1, 4, 3}}, 3)),
              ::testing::HasSubstr("names axis 3, but the input has 3 axes"));
  EXPECT_THAT(error_of(strided({0, 4}, {1, 4}, {1, 1}, {0, 0, 0, 0, 0}, {1, 1, 3})),
              ::testing::HasSubstr("(STRIDED_SLICE): takes elements that its input does not have"));
  EXPECT_THAT(error_of(strided({0, 0}, {1, 4}, {1, 1}, {0, 0, 0, 2, 0}, {1, 1, 4, 3})),
              ::testing::HasSubstr("new_axis_mask: is not 0"));
}

}  // namespace
}  // namespace thaw
