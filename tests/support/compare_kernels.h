// Runs one plan with the portable and with the host kernels side by side, and compares what every step
// writes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "memmodel/planner.h"
#include "sim/exec/executor.h"
#include "sim/exec/host/instruction_set.h"
#include "sim/plan/plan.h"
#include "tests/support/noise.h"

namespace thaw::testing {

struct Written {
  std::string buffer;
  std::vector<std::byte> bytes;
};

/// Of the buffer that a step of a row stream writes, the rows it writes: others may never have been written.
inline std::span<const std::byte> written_rows(const Kernel& kernel, std::span<const std::byte> buffer) {
  const auto part = [&](int64_t offset, int64_t bytes) {
    return buffer.subspan(static_cast<size_t>(offset), static_cast<size_t>(bytes));
  };
  if (const auto* k = std::get_if<ConvolutionForward>(&kernel))
    return part(k->output_offset, k->window.output_elements());
  if (const auto* k = std::get_if<AddForward>(&kernel)) return part(k->output_offset, k->add.elements);
  const auto& copy = std::get<CopyForward>(kernel);
  return part(copy.output_offset, copy.bytes);
}

/// What a step has just written. Not the scratch that a kernel uses while it runs, and of the gradient
/// exponents only its own: the others may not have been written yet.
inline std::vector<Written> written_by(const Step& step, const Executor& executor) {
  const auto* gradient = std::get_if<MakeGradient>(&step.kernel);
  std::vector<Written> result;
  for (BufferId id : step.writes) {
    if (executor.plan().buffer(id).kind == BufferKind::scratch && id != executor.plan().gradient_exponents)
      continue;
    std::span<const std::byte> bytes = executor.bytes(id);
    if (step.stream >= 0) bytes = written_rows(step.kernel, bytes);
    if (gradient != nullptr && id == executor.plan().gradient_exponents)
      bytes = bytes.subspan(static_cast<size_t>(gradient->tensor) * sizeof(int32_t), sizeof(int32_t));
    result.push_back({executor.plan().buffer(id).name, {bytes.begin(), bytes.end()}});
  }
  return result;
}

/// Where two runs of a step differ; empty where they do not.
inline std::string difference(const std::vector<Written>& expected, const std::vector<Written>& actual) {
  for (size_t b = 0; b < expected.size(); ++b) {
    const auto [e, a] = std::ranges::mismatch(expected[b].bytes, actual[b].bytes);
    if (e != expected[b].bytes.end())
      return "buffer '" + expected[b].buffer + "', byte " + std::to_string(e - expected[b].bytes.begin()) +
             " of " + std::to_string(expected[b].bytes.size());
  }
  return "";
}

/// Trains with both for `steps` steps on random inputs; the rate of step i is rates[i % size].
inline void expect_equal_training(const Plan& plan, int32_t steps, InstructionSet set,
                                  const std::vector<LearningRate>& rates) {
  limit_instruction_set(set);
  Executor portable(plan, {}, KernelSet::portable, 1);
  // Packed as on the device, so that a byte written outside a buffer is seen.
  Executor host(plan, plan_layout(plan).offsets, KernelSet::host, 1);
  Noise noise(7);
  for (int32_t i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
    for (BufferId input : plan.inputs) {
      for (std::byte& value : portable.bytes(input)) value = static_cast<std::byte>(noise.next() >> 11);
      std::ranges::copy(portable.bytes(input), host.bytes(input).begin());
    }
    const StepInput input = {noise.in(0, plan.classes - 1), rates[static_cast<size_t>(i) % rates.size()], 1,
                             static_cast<uint32_t>(i)};
    std::vector<std::vector<Written>> expected;
    portable.train_step(input, 0, [&](const Step& step) { expected.push_back(written_by(step, portable)); });
    size_t at = 0;
    host.train_step(input, 0, [&](const Step& step) {
      ASSERT_LT(at, expected.size());
      if (::testing::Test::HasFailure()) return;  // one difference makes all later ones
      ASSERT_EQ(difference(expected[at++], written_by(step, host)), "")
          << "step " << i << ", " << step.name << " (" << kernel_name(step.kernel) << "), "
          << instruction_set_name(set);
    });
    if (::testing::Test::HasFailure()) break;
    ASSERT_EQ(at, expected.size());
    ASSERT_EQ(portable.state(), host.state());
  }
  limit_instruction_set(best_instruction_set());
}

}  // namespace thaw::testing
