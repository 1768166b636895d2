// What boards offer, for the sentence "fits on ...". Their files are read by memmodel/board.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thaw {

struct BoardLimits {
  std::string name, description;
  int64_t ram_bytes = 0, flash_bytes = 0;
  int64_t clock_hz = 0;                 // 0: unknown
  double cycles_per_instruction = 1.0;  // as the board's file states
};

/// Ascending by RAM, then name, as reports list them.
std::vector<BoardLimits> by_ram(std::vector<BoardLimits> boards);

}  // namespace thaw
