// What QEMU counts for a case on a board, step by step and in all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "tools/bench/instruction_costs/fit_case.h"

namespace thaw::bench {

constexpr int32_t kCountedSteps = 4;  // training steps, after one inference

/// `steps`: instructions of every step of the plan, a mean over the inference and the training steps where
/// the step is in both. `training_step` 0: a firmware for inference alone.
struct Counted {
  std::string name, board;
  std::vector<int64_t> steps;
  int64_t inference = 0, training_step = 0;
};

/// Generates the firmware in an empty folder, builds it and runs it twice (a profile takes instructions of
/// its own) on noise. Throws Error where that fails, or the bits differ from the simulator's.
Counted count_instructions(const FitCase& made, const Board& board, const std::filesystem::path& folder);

/// A file of one JSON document a line; lines are appended.
std::vector<Counted> read_counted(const std::filesystem::path& file);
void append_counted(const std::filesystem::path& file, const Counted& counted);

}  // namespace thaw::bench
