// Where the trained values lie: all state buffers of a Plan, and what the engine keeps between steps, as one
// declared structure in persistent RAM.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/plan/plan.h"

namespace thaw {

/// Largest alignment that a buffer asks for (the 64-bit loss of StepResult). Arena and state structure are
/// declared with it and their sizes are rounded up to it, so that a linker adds no padding between them.
constexpr int32_t kRegionAlignment = 8;

/// What the engine keeps between steps beside the buffers, in words of four bytes: seed, step number, first
/// step and length of the learning rate's schedule, the rate (two int16), whether the state is set and how
/// many rows of an image were given (16 bits each).
constexpr int64_t kSessionBytes = 24;

/// The same of a plan for inference alone: how many rows of an image were given.
constexpr int64_t kInferenceSessionBytes = 8;

/// Offsets from the start of the structure, one for each buffer of the plan (absent for all but state).
struct StateLayout {
  std::vector<std::optional<int64_t>> offsets;
  std::optional<int64_t> session;  // absent where the plan is of no model
  int64_t bytes = 0;               // a multiple of kRegionAlignment
};

/// The session first, then members by descending alignment, then by id: the order in which a C structure has
/// no inner padding.
StateLayout state_layout(const Plan& plan);

}  // namespace thaw
