// What the test program of a generated firmware is fed, and what it must answer: the simulator's results for
// the same samples, step by step. The formats are those of engine/port/common/main.c.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/exec/executor.h"
#include "sim/plan/plan.h"

namespace thaw {

/// One call: inference, or a training step with this label and rate. `image` has the input's bytes. `reset`:
/// state variables begin anew before it.
struct TraceSample {
  bool train = true;
  int32_t label = 0;
  LearningRate rate;
  std::vector<int8_t> image;
  bool reset = false;
  std::vector<int8_t> target = {};  // of a plan that regresses
};

/// samples.bin and expected.bin. The latter is results.bin with "THAWEXP1" in front, without ticks, and with
/// the trained values alone (Executor::state()) instead of the state record and the depth of the stack.
struct FirmwareTrace {
  std::vector<std::byte> samples, expected;
};

/// Runs the samples. With `schedule_steps` above 0 the firmware takes its rates from its own schedule of that
/// length and the samples' rates are for the simulator alone: they must be the schedule's.
/// Of a plan for inference alone the CRC-32 is the output's, and there are no trained values: no sample
/// trains.
FirmwareTrace firmware_trace(const Plan& plan, std::span<const std::optional<int64_t>> offsets,
                             KernelSet kernels, uint32_t seed, uint32_t schedule_steps,
                             std::span<const TraceSample> samples);

}  // namespace thaw
