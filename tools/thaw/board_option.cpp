#include "tools/thaw/board_option.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "sim/base/error.h"

namespace thaw::cli {
namespace {

namespace fs = std::filesystem;

/// Folders that may hold the boards: of the working directory, of a build folder inside the repository, and
/// of an installation.
fs::path boards_folder() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  for (const fs::path& folder :
       {fs::path("configs/boards"), program / "configs/boards", program.parent_path() / "configs/boards",
        program.parent_path() / "share/thaw/boards"})
    if (fs::is_directory(folder)) return folder;
  throw Error("--board", "the folder configs/boards was not found",
              "Run from the repository's root, or give the board's file");
}

}  // namespace

Board board_option(const std::string& text, std::optional<int64_t> ram, std::optional<int64_t> flash) {
  Board board = fs::path(text).extension() == ".json" ? read_board(text)
                                                      : find_board(read_boards(boards_folder()), text);
  if (ram) board.ram_bytes = *ram;
  if (flash) board.flash_bytes = *flash;
  if (ram || flash)
    board.name += fmt::format(" with {} bytes of RAM, {} of flash", board.ram_bytes, board.flash_bytes);
  return board;
}

}  // namespace thaw::cli
