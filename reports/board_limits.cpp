#include "reports/board_limits.h"

#include <algorithm>
#include <tuple>

namespace thaw {

std::vector<BoardLimits> by_ram(std::vector<BoardLimits> boards) {
  std::sort(boards.begin(), boards.end(), [](const BoardLimits& a, const BoardLimits& b) {
    return std::tie(a.ram_bytes, a.name) < std::tie(b.ram_bytes, b.name);
  });
  return boards;
}

}  // namespace thaw
