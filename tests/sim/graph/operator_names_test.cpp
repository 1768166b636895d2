// Names at the places where the numbering of the file format is easy to get wrong.
#include "sim/graph/operator_names.h"

#include <gtest/gtest.h>

#include "sim/graph/graph.h"

namespace thaw {
namespace {

TEST(OperatorNames, NumbersOfTheFormat) {
  EXPECT_EQ(builtin_operator_name(0), "ADD");
  EXPECT_EQ(builtin_operator_name(27), "SVDF");
  EXPECT_EQ(builtin_operator_name(32), "CUSTOM");
  EXPECT_EQ(builtin_operator_name(40), "MEAN");
  EXPECT_EQ(builtin_operator_name(44), "UNIDIRECTIONAL_SEQUENCE_LSTM");
  EXPECT_EQ(builtin_operator_name(97), "RESIZE_NEAREST_NEIGHBOR");
  EXPECT_EQ(builtin_operator_name(114), "QUANTIZE");
  EXPECT_EQ(builtin_operator_name(127), "PLACEHOLDER_FOR_GREATER_OP_CODES");
  EXPECT_EQ(builtin_operator_name(150), "GELU");
  EXPECT_EQ(builtin_operator_name(-1), "BUILTIN_-1");
  EXPECT_EQ(builtin_operator_name(100000), "BUILTIN_100000");
}

TEST(OperatorNames, OurKinds) {
  EXPECT_STREQ(op_name(Conv2d{}), "CONV_2D");
  EXPECT_STREQ(op_name(Dequantize{}), "DEQUANTIZE");
}

}  // namespace
}  // namespace thaw
