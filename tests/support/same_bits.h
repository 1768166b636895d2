// Two plans of the same model and schedule must compute the same bits: the test of every pass.
#pragma once

#include <gtest/gtest.h>

#include "memmodel/planner.h"
#include "sim/exec/executor.h"
#include "sim/plan/fixed_point_plan.h"
#include "tests/support/noise.h"

namespace thaw::testing {

/// Trains both plans for `steps` steps on the same noise, each packed as on the device, and compares logits,
/// loss, prediction and trained state after each of them.
inline void expect_same_training(const Plan& expected, const Plan& actual, KernelSet kernels, int32_t steps) {
  const Layout expected_layout = plan_layout(expected), actual_layout = plan_layout(actual);
  Executor before(expected, expected_layout.offsets, kernels, 1);
  Executor after(actual, actual_layout.offsets, kernels, 1);
  Noise noise(11);
  for (int32_t t = 0; t < steps; ++t) {
    std::span<int8_t> image = before.values<int8_t>(expected.inputs[0]);
    std::vector<int8_t> pixels(image.size());
    for (int8_t& pixel : pixels) pixel = static_cast<int8_t>(noise.in(-128, 127));
    std::copy(pixels.begin(), pixels.end(), image.begin());
    std::copy(pixels.begin(), pixels.end(), after.values<int8_t>(actual.inputs[0]).begin());
    const StepInput input = {noise.in(0, expected.classes - 1), quantize_learning_rate(0.05), 1,
                             static_cast<uint32_t>(t)};
    const StepResult a = before.train_step(input), b = after.train_step(input);
    ASSERT_EQ(a.loss, b.loss) << "step " << t;
    ASSERT_EQ(a.prediction, b.prediction) << "step " << t;
    ASSERT_EQ(before.state(), after.state()) << "step " << t;
  }
}

}  // namespace thaw::testing
