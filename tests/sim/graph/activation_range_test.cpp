// Clamps worked out by hand from "Clamp" in golden/tflm/README.md.
#include "sim/graph/activation_range.h"

#include <gtest/gtest.h>

namespace thaw {
namespace {

TEST(ActivationRange, ClampsAtZeroAndSix) {
  const Quantization q{{0.05F}, {-20}, 0};  // 6 / 0.05F is 120 in float32
  EXPECT_EQ(activation_range(Activation::none, q), (ActivationRange{-128, 127}));
  EXPECT_EQ(activation_range(Activation::relu, q), (ActivationRange{-20, 127}));
  EXPECT_EQ(activation_range(Activation::relu6, q), (ActivationRange{-20, 100}));
  EXPECT_EQ(activation_range(Activation::relu6, {{0.02F}, {-20}, 0}), (ActivationRange{-20, 127}));
  EXPECT_EQ(activation_range(Activation::relu6, {{4.0F}, {0}, 0}),
            (ActivationRange{0, 2}));  // 1.5, away from zero
  EXPECT_EQ(activation_range(Activation::relu, {{1.0F}, {-128}, 0}), (ActivationRange{-128, 127}));
}

TEST(ActivationRange, KindsWithoutActivation) {
  EXPECT_EQ(fused_activation(Conv2d{.activation = Activation::relu6}), Activation::relu6);
  EXPECT_EQ(fused_activation(Add{Activation::relu}), Activation::relu);
  EXPECT_EQ(fused_activation(Reshape{}), Activation::none);
}

}  // namespace
}  // namespace thaw
