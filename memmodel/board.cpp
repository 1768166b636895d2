// Board files through the strict JSON reader.
#include "memmodel/board.h"

#include <algorithm>

#include "sim/base/byte_size.h"
#include "sim/base/error.h"
#include "sim/base/json.h"
#include "sim/base/printable.h"

namespace thaw {
namespace {

constexpr int kSchemaVersion = 1;
constexpr int64_t kMostHertz = int64_t{1} << 40;             // beyond any device
constexpr double kLeastCycles = 0.05, kMostCycles = 1000.0;  // an instruction

Board board_of(const nlohmann::json& json, const std::string& file_name) {
  const JsonView view(json, file_name);
  check_schema_version(view, kSchemaVersion);
  view.known_keys({"schema_version", "name", "description", "port", "cpu", "cpu_flags", "ram_bytes",
                   "flash_bytes", "stack_bytes", "clock_hz", "cycles_per_instruction"});
  Board board;
  board.name = view.field("name").string();
  if (board.name.empty() || printable(board.name) != board.name)
    view.field("name").expected("a name without control characters");
  board.description = view.field("description").string();
  const std::optional<JsonView> port = view.optional_field("port");
  board.port = port ? port->string() : board.name;
  board.cpu = view.field("cpu").string();
  for (const JsonView& flag : view.field("cpu_flags").items()) board.cpu_flags.push_back(flag.string());
  board.ram_bytes = byte_size_field(view.field("ram_bytes"));
  board.flash_bytes = byte_size_field(view.field("flash_bytes"));
  board.stack_bytes = byte_size_field(view.field("stack_bytes"));
  if (board.stack_bytes > board.ram_bytes)
    view.field("stack_bytes").expected("at most ram_bytes, " + std::to_string(board.ram_bytes));
  board.clock_hz = view.field("clock_hz").integer(0, kMostHertz);
  if (const auto cycles = view.optional_field("cycles_per_instruction"))
    board.cycles_per_instruction = cycles->number(kLeastCycles, kMostCycles);
  return board;
}

}  // namespace

Board parse_board(std::string_view text, const std::string& file_name) {
  return board_of(parse_json(text, file_name), file_name);
}

Board read_board(const std::filesystem::path& path) {
  Board board = board_of(read_json_file(path), path.string());
  if (board.name != path.stem().string())
    throw Error(path.string() + ": name", "'" + board.name + "' is not the file's name",
                "a board is looked up by its file name; rename one of them");
  return board;
}

std::vector<Board> read_boards(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::directory_iterator files(folder, failed);
  if (failed)
    throw Error(folder.string(), "cannot be read: " + failed.message(), "expected a folder of board files");
  std::vector<Board> boards;
  for (const auto& file : files)
    if (file.path().extension() == ".json") boards.push_back(read_board(file.path()));
  std::sort(boards.begin(), boards.end(), [](const Board& a, const Board& b) { return a.name < b.name; });
  return boards;
}

const Board& find_board(const std::vector<Board>& boards, const std::string& name) {
  for (const Board& board : boards)
    if (board.name == name) return board;
  std::string known;
  for (const Board& board : boards) known += (known.empty() ? "" : ", ") + board.name;
  throw Error("board", "'" + name + "' is not known", "Known: " + known);
}

std::string board_identity(const Board& board) {
  // A field more in Board stops this from compiling until it is written too.
  const auto& [name, description, port, cpu, cpu_flags, ram_bytes, flash_bytes, stack_bytes, clock_hz,
               cycles_per_instruction, most_instructions] = board;
  std::string text;
  const auto add = [&](const std::string& field) { text += std::to_string(field.size()) + ":" + field; };
  for (const std::string* field : {&name, &description, &port, &cpu}) add(*field);
  add(std::to_string(cpu_flags.size()));
  for (const std::string& flag : cpu_flags) add(flag);
  for (int64_t number : {ram_bytes, flash_bytes, stack_bytes, clock_hz}) add(std::to_string(number));
  // Usual values leave the identity as it was before these fields.
  if (cycles_per_instruction != 1.0) add("cycles " + std::to_string(cycles_per_instruction));
  if (most_instructions != 0) add("instructions " + std::to_string(most_instructions));
  return text;
}

double milliseconds_of(const Board& board, int64_t instructions) {
  if (board.clock_hz == 0) return 0;
  return 1000.0 * static_cast<double>(instructions) * board.cycles_per_instruction /
         static_cast<double>(board.clock_hz);
}

bool is_riscv(const Board& board) {
  for (const std::string& flag : board.cpu_flags)
    if (flag.starts_with("-march=rv")) return true;
  return false;
}

std::string toolchain_prefix(const Board& board) {
  if (board.cpu == "native") return "";
  return is_riscv(board) ? "riscv64-unknown-elf-" : "arm-none-eabi-";
}

namespace {

/// The board's flag -mcpu=, extensions included, if it names one of these processors; otherwise empty.
std::string processor_flag(const Board& board, std::initializer_list<const char*> cores) {
  for (const char* core : cores)
    for (const std::string& flag : board.cpu_flags)
      if (flag.substr(0, flag.find('+')) == std::string("-mcpu=") + core) return flag;
  return "";
}

}  // namespace

bool has_dsp(const Board& board) {
  const std::string flag = processor_flag(
      board, {"cortex-m4", "cortex-m7", "cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85"});
  return !flag.empty() && flag.find("+nodsp") == std::string::npos;  // as in -mcpu=cortex-m33+nodsp
}

bool has_helium(const Board& board) {
  const std::string flag = processor_flag(board, {"cortex-m55", "cortex-m85"});
  if (flag.empty() || flag.find("+nodsp") != std::string::npos || flag.find("+nomve") != std::string::npos)
    return false;
  return std::ranges::any_of(board.cpu_flags, [](const std::string& f) {
    return f == "-mfloat-abi=hard" || f == "-mfloat-abi=softfp";
  });
}

}  // namespace thaw
