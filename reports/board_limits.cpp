#include "reports/board_limits.h"

#include <algorithm>
#include <tuple>

#include "sim/base/byte_size.h"
#include "sim/base/error.h"
#include "sim/base/json.h"

namespace thaw {
namespace {

int64_t clock_of(const JsonView& board) {
  const auto clock = board.optional_field("clock_hz");
  return clock ? clock->integer(0) : 0;
}

}  // namespace

std::vector<BoardLimits> read_board_limits(const std::filesystem::path& folder) {
  std::error_code failed;
  const std::filesystem::directory_iterator files(folder, failed);
  if (failed)
    throw Error(folder.string(), "cannot be read: " + failed.message(), "expected a folder of board files");
  std::vector<BoardLimits> boards;
  for (const auto& entry : files) {
    if (entry.path().extension() != ".json") continue;
    const nlohmann::json document = read_json_file(entry.path());
    const JsonView view(document, entry.path().string());
    check_schema_version(view, 1);
    boards.push_back({view.field("name").string(), view.field("description").string(),
                      byte_size_field(view.field("ram_bytes")), byte_size_field(view.field("flash_bytes")),
                      clock_of(view)});
  }
  std::sort(boards.begin(), boards.end(), [](const BoardLimits& a, const BoardLimits& b) {
    return std::tie(a.ram_bytes, a.name) < std::tie(b.ram_bytes, b.name);
  });
  return boards;
}

}  // namespace thaw
