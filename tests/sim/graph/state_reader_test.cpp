// State variables of files made field by field: what TensorFlow Lite Micro's reads, assignments and CALL_ONCE
// mean, and what is refused.
#include "sim/graph/state_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "tests/sim/graph/file_builder.h"
#include "tests/support/error_of.h"

namespace thaw {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using tflite::BuiltinOptions;
using tflite::TensorType;

constexpr int32_t kMax = 55, kRelu = 19, kOnce = 129, kHandle = 142, kRead = 143, kAssign = 144;

struct Stream : testing::FileBuilder {
  int32_t handle(const char* name) {
    const int32_t made = tensor(TensorType::RESOURCE, {});
    const auto shared_name = fb.CreateString(name);
    op(kHandle, {}, {made}, BuiltinOptions::VarHandleOptions,
       tflite::CreateVarHandleOptions(fb, 0, shared_name).Union());
    return made;
  }
  int32_t values() { return tensor(TensorType::INT8, {1, 4}, -7); }
  int32_t read(int32_t of) {
    const int32_t made = values();
    op(kRead, {of}, {made});
    return made;
  }
  int32_t larger(int32_t a, int32_t b) {
    const int32_t made = values();
    op(kMax, {a, b}, {made});
    return made;
  }
  void call_once(int32_t subgraph) {
    op(kOnce, {}, {}, BuiltinOptions::CallOnceOptions, tflite::CreateCallOnceOptions(fb, subgraph).Union());
  }
  Graph graph(const std::vector<int32_t>& inputs, const std::vector<int32_t>& outputs) {
    return read_tflite(finish(inputs, outputs), "m.tflite");
  }
};

TEST(StateReader, AReadBehindAnAssignmentGivesWhatWasAssigned) {
  Stream s;
  const int32_t x = s.values(), v = s.handle("v");
  const int32_t before = s.read(v), most = s.larger(before, x);
  s.op(kAssign, {v, most}, {});
  const int32_t behind = s.read(v), y = s.larger(behind, x);
  const Graph graph = s.graph({x}, {y});
  ASSERT_EQ(graph.variables.size(), 1U);
  const auto in_file = [&](TensorId id) { return graph.tensor(id).file_index; };
  EXPECT_EQ(graph.variables[0].name, "v");
  EXPECT_EQ(in_file(graph.variables[0].content), before);
  EXPECT_EQ(in_file(graph.variables[0].next), most);
  ASSERT_EQ(graph.ops.size(), 2U) << "the operators of variables are none of the graph";
  EXPECT_EQ(in_file(graph.ops[1].inputs[0]), most);
}

TEST(StateReader, WhatNothingStartsHasItsZeroPoint) {
  Stream s;
  const int32_t x = s.values(), v = s.handle("v");
  const int32_t y = s.larger(s.read(v), x);
  s.op(kAssign, {v, y}, {});
  const Graph graph = s.graph({x}, {y});
  ASSERT_EQ(graph.variables.size(), 1U);
  EXPECT_EQ(graph.variables[0].initial, std::vector<std::byte>(4, std::byte{0xF9})) << "-7";
}

TEST(StateReader, TheLastAssignmentStaysAndHandlesOfOneNameAreOneVariable) {
  Stream s;
  const int32_t x = s.values(), v = s.handle("v"), same = s.handle("v"), unread = s.handle("unread");
  const int32_t a = s.larger(s.read(v), x), b = s.larger(a, x);
  s.op(kAssign, {v, a}, {});
  s.op(kAssign, {unread, a}, {});
  s.op(kAssign, {same, b}, {});
  const Graph graph = s.graph({x}, {b});
  ASSERT_EQ(graph.variables.size(), 1U) << "what nobody reads is left out";
  EXPECT_EQ(graph.tensor(graph.variables[0].next).file_index, b);
}

TEST(StateReader, BrokenFilesAreRefused) {
  const auto with = [](auto change) {
    return error_of([&] {
      Stream s;
      const int32_t x = s.values(), v = s.handle("v");
      const int32_t y = s.larger(s.read(v), x);
      change(s, v, y);
      s.graph({x}, {y});
    });
  };
  EXPECT_EQ(with([](Stream& s, int32_t v, int32_t y) { s.op(kAssign, {v, y}, {}); }), "no error");
  EXPECT_THAT(with([](Stream& s, int32_t, int32_t y) {
                s.op(kAssign, {y, y}, {});
              }),
              HasSubstr("inputs[0] is no handle"));
  EXPECT_THAT(with([](Stream& s, int32_t v, int32_t) {
                s.op(kAssign, {v, 999}, {});
              }),
              HasSubstr("names tensor 999"));
  EXPECT_THAT(with([](Stream& s, int32_t v, int32_t) { s.op(kAssign, {v}, {}); }),
              HasSubstr("lacks a tensor"));
  EXPECT_THAT(with([](Stream& s, int32_t, int32_t) { s.op(kHandle, {}, {0}); }), HasSubstr("no shared_name"));
  EXPECT_THAT(with([](Stream& s, int32_t, int32_t) { s.call_once(1); }), HasSubstr("comes after"));
  EXPECT_THAT(with([](Stream& s, int32_t v, int32_t) {
                s.op(kAssign, {v, s.tensor(TensorType::INT8, {1, 5})}, {});
              }),
              HasSubstr("no operator writes"));
  EXPECT_THAT(with([](Stream& s, int32_t v, int32_t) {
                const int32_t other = s.tensor(TensorType::INT8, {4, 1}, -7);
                s.op(kRead, {v}, {other});
              }),
              HasSubstr("another type, shape or scale"));
}

TEST(StateReader, InitialisersOnlyAssignConstants) {
  const auto started_by = [](int32_t subgraph) {
    return error_of([&] {
      Stream s;
      s.call_once(subgraph);
      const int32_t x = s.values(), v = s.handle("v"), y = s.larger(s.read(v), x);
      read_tflite(s.finish({x}, {y}, 2), "m.tflite");
    });
  };
  EXPECT_THAT(started_by(2), HasSubstr("calls subgraph 2 of 2"));
  EXPECT_THAT(started_by(0), HasSubstr("calls subgraph 0"));
  EXPECT_THAT(started_by(1), HasSubstr("does more than to give variables their first values"));
}

TEST(StateReader, VariablesOfOtherTypesAreNamed) {
  EXPECT_THAT(error_of([] {
                Stream s;
                const int32_t x = s.values(), v = s.handle("counter"), y = s.values();
                const int32_t count = s.tensor(TensorType::INT32, {1, 4});
                s.op(kRead, {v}, {count});
                s.op(kAssign, {v, count}, {});
                s.op(kRelu, {x}, {y});
                s.graph({x}, {y});
              }),
              HasSubstr("state variable 'counter': is of type int32, expected int8"));
}

}  // namespace
}  // namespace thaw
