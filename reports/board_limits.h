// What boards offer, read from configs/boards for the sentence "fits on ...".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thaw {

struct BoardLimits {
  std::string name, description;
  int64_t ram_bytes = 0, flash_bytes = 0;
  int64_t clock_hz = 0;  // 0: unknown
};

/// Every *.json of the folder, ascending by RAM, then name; sizes as `byte_size_field` reads them, as for the
/// memory model. Throws Error.
std::vector<BoardLimits> read_board_limits(const std::filesystem::path& folder);

}  // namespace thaw
