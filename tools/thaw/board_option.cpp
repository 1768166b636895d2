#include "tools/thaw/board_option.h"

#include <fmt/format.h>

#include <filesystem>

#include "memmodel/cost/instructions.h"
#include "sim/base/error.h"
#include "tools/thaw/config_file.h"

namespace thaw::cli {

Board board_option(const std::string& text, std::optional<int64_t> ram, std::optional<int64_t> flash,
                   std::optional<int64_t> instructions) {
  Board board = std::filesystem::path(text).extension() == ".json"
                    ? read_board(text)
                    : find_board(read_boards(config_file("boards", "--board")), text);
  if (ram) board.ram_bytes = *ram;
  if (flash) board.flash_bytes = *flash;
  if (ram || flash)
    board.name += fmt::format(" with {} bytes of RAM, {} of flash", board.ram_bytes, board.flash_bytes);
  if (!instructions) return board;
  if (!processor_of(board))
    throw Error("--instructions", "instructions of " + board.cpu + " are not known",
                "Choose another board, or leave --instructions out");
  board.most_instructions = *instructions;
  board.name += fmt::format(" with {} instructions a step", *instructions);
  return board;
}

}  // namespace thaw::cli
