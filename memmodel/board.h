// A Board: how much memory a device has and how code for it is compiled; a file of configs/boards each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace thaw {

/// `port` is the folder of engine/port whose start-up code and linker script fit the board; where there is
/// none, firmware is generated as a library. `stack_bytes` is the part of the RAM that the linker script
/// keeps for the stack. `cpu_flags` are the compiler's; `clock_hz` is 0 where it is unknown.
/// `cycles_per_instruction` is what its owner states of code like this, with its memory; it makes
/// milliseconds of instructions. `most_instructions` is what an application has time for in a training step
/// (0: any number); no file has it, --instructions sets it.
struct Board {
  std::string name;
  std::string description;
  std::string port;  // the name, unless the file says otherwise
  std::string cpu;
  std::vector<std::string> cpu_flags;
  int64_t ram_bytes = 0;
  int64_t flash_bytes = 0;
  int64_t stack_bytes = 0;
  int64_t clock_hz = 0;
  double cycles_per_instruction = 1.0;
  int64_t most_instructions = 0;

  bool operator==(const Board&) const = default;
};

/// Reads the text of a board file (configs/schema/board.schema.json); `file_name` is used in messages. Sizes
/// are numbers of bytes or strings as `parse_byte_size` reads them. Throws Error naming the field.
Board parse_board(std::string_view text, const std::string& file_name);

/// The same for a file; the name inside must be the file's name without ".json".
Board read_board(const std::filesystem::path& path);

/// All boards of a folder, ascending by name.
std::vector<Board> read_boards(const std::filesystem::path& folder);

/// The board of this name. Throws Error that lists the known names.
const Board& find_board(const std::vector<Board>& boards, const std::string& name);

/// All that the file says, as a text that differs wherever two boards differ in any field.
std::string board_identity(const Board& board);

/// Milliseconds of so many instructions by the board's clock and cycles per instruction: an estimate. 0 where
/// the clock is unknown.
double milliseconds_of(const Board& board, int64_t instructions);

/// True for a processor with RISC-V's instructions (-march=rv...).
bool is_riscv(const Board& board);

/// What the names of the compiler and its tools begin with; empty for the compiling machine.
std::string toolchain_prefix(const Board& board);

/// True where the processor has SMLAD and its like: Cortex-M4, M7, M33, M35P, M55, M85, whatever follows
/// its name ("cortex-m7+nofp") unless that is "+nodsp".
bool has_dsp(const Board& board);

/// True where the compiler uses Helium: for a Cortex-M55 or M85 without "+nomve" or "+nodsp", compiled for a
/// floating point ABI, hard or softfp (a soft one turns Helium off as well).
bool has_helium(const Board& board);

}  // namespace thaw
