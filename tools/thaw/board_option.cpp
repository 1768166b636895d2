#include "tools/thaw/board_option.h"

#include <fmt/format.h>

#include <filesystem>

#include "tools/thaw/config_file.h"

namespace thaw::cli {

Board board_option(const std::string& text, std::optional<int64_t> ram, std::optional<int64_t> flash) {
  Board board = std::filesystem::path(text).extension() == ".json"
                    ? read_board(text)
                    : find_board(read_boards(config_file("boards", "--board")), text);
  if (ram) board.ram_bytes = *ram;
  if (flash) board.flash_bytes = *flash;
  if (ram || flash)
    board.name += fmt::format(" with {} bytes of RAM, {} of flash", board.ram_bytes, board.flash_bytes);
  return board;
}

}  // namespace thaw::cli
