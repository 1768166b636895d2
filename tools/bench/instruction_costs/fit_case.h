// A network and a schedule to count the instructions of, found again by name, so that what was counted once
// can be fitted as often as wanted.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/generate/generate.h"
#include "memmodel/layout.h"
#include "sim/plan/plan.h"

namespace thaw::bench {

/// `request` without board. `trains` false: a firmware for inference alone.
struct FitCase {
  std::string name;
  Plan plan;
  Layout layout;
  std::array<int32_t, 4> input = {};
  std::array<LearningRate, 128> rates = {};
  bool trains = true;

  FirmwareRequest request(const Board& board) const;
};

/// KIND:SEED, a random network of tests/support or of sized_network.h with a random schedule (kinds random,
/// varied, operator, sized, forward, streaming, autoencoder, every), or with "infer-" before it the same for
/// inference alone; MODEL:SCHEDULE, two files; MODEL alone for inference. Throws Error for anything else.
FitCase fit_case(const std::string& name);

/// Those that the table is fitted to.
std::vector<std::string> fitted_cases();

}  // namespace thaw::bench
