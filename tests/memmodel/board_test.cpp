// Board files and sizes: what is accepted, and a message for everything else.
#include "memmodel/board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sim/base/byte_size.h"
#include "sim/base/error.h"
#include "tests/support/error_of.h"
#include "tests/support/mutate.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

TEST(ByteSize, ReadsNumbersAndUnits) {
  const struct {
    const char* text;
    int64_t bytes;
  } cases[] = {
      {"0", 0},           {"200000", 200000},   {"192K", 196608}, {"192k", 196608},
      {"256KiB", 262144}, {"256 KiB", 262144},  {"1M", 1048576},  {"1MiB", 1048576},
      {"2G", 2147483648}, {"1gib", 1073741824}, {"17B", 17},      {"4611686018427387904", int64_t{1} << 62}};
  for (const auto& c : cases) EXPECT_EQ(parse_byte_size(c.text, "--ram"), c.bytes) << c.text;
}

TEST(ByteSize, RefusesTheRest) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"", "--ram: '' is not a size. write bytes"},
      {"K", "'K' is not a size"},
      {"-1", "'-1' is not a size"},
      {"+1", "'+1' is not a size"},
      {"1.5M", "'1.5M' is not a size"},
      {"12 apples", "'12 apples' is not a size"},
      {"0x10", "'0x10' is not a size"},
      {"1KB", "kb may mean powers of 1000 or of 1024"},
      {"1MB", "mb may mean powers of 1000 or of 1024"},
      {"99999999999999999999", "is too large"},
      {"4611686018427387905", "is too large"},
      {"4294967297G", "is too large"},
  };
  for (const auto& c : cases)
    EXPECT_THAT(error_of([&] { parse_byte_size(c.text, "--ram"); }), HasSubstr(c.message)) << c.text;
}

TEST(ByteSize, PrintsBytesAndKib) {
  EXPECT_EQ(byte_size_text(262144), "262144 bytes (256.0 KiB)");
}

// ---- boards ----------------------------------------------------------------------------------------------

std::filesystem::path boards_folder() {
  return std::filesystem::path(testing::source_folder()) / "configs" / "boards";
}

TEST(Board, ReadsEveryBoardOfTheRepository) {
  const std::vector<Board> boards = read_boards(boards_folder());
  std::vector<std::string> names;
  for (const Board& board : boards) {
    names.push_back(board.name);
    EXPECT_GT(board.ram_bytes, board.stack_bytes) << board.name;
    EXPECT_GT(board.stack_bytes, 0) << board.name;
    EXPECT_GT(board.flash_bytes, 0) << board.name;
    EXPECT_FALSE(board.description.empty()) << board.name;
  }
  EXPECT_THAT(names, ::testing::ElementsAre("cortex-m4-192k", "cortex-m7-256k", "host", "microbit",
                                            "mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505",
                                            "mps3-an547", "mps3-an547-helium", "virt"));
  EXPECT_TRUE(is_riscv(find_board(boards, "virt")));
  EXPECT_FALSE(is_riscv(find_board(boards, "microbit")));
  EXPECT_EQ(toolchain_prefix(find_board(boards, "virt")), "riscv64-unknown-elf-");
  EXPECT_EQ(toolchain_prefix(find_board(boards, "microbit")), "arm-none-eabi-");
  EXPECT_EQ(toolchain_prefix(find_board(boards, "host")), "");
  EXPECT_FALSE(has_dsp(find_board(boards, "mps2-an385")));
  EXPECT_TRUE(has_dsp(find_board(boards, "mps2-an505")));
  EXPECT_FALSE(has_helium(find_board(boards, "mps3-an547")));
  EXPECT_TRUE(has_helium(find_board(boards, "mps3-an547-helium")));
  const Board& m7 = find_board(boards, "cortex-m7-256k");
  EXPECT_EQ(m7.ram_bytes, 262144);
  EXPECT_EQ(m7.flash_bytes, 1048576);
  EXPECT_EQ(m7.stack_bytes, 4096);
  EXPECT_THAT(m7.cpu_flags, ::testing::ElementsAre("-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=soft"));
}

TEST(Board, NamesTheKnownOnes) {
  const std::vector<Board> boards = read_boards(boards_folder());
  EXPECT_THAT(error_of([&] { find_board(boards, "cortex-m9"); }),
              HasSubstr("'cortex-m9' is not known. Known: cortex-m4-192k, cortex-m7-256k, host"));
}

std::string board_text(const std::string& field, const std::string& value) {
  std::string text = "{\"schema_version\": 1, \"name\": \"b\", \"description\": \"\", \"cpu\": \"x\"";
  text += ", \"cpu_flags\": [\"-mthumb\"], \"flash_bytes\": \"1M\"";
  const struct {
    const char* name;
    const char* usual;
  } fields[] = {{"ram_bytes", "\"256K\""}, {"stack_bytes", "4096"}, {"clock_hz", "216000000"}};
  for (const auto& f : fields)
    text.append(", \"").append(f.name).append("\": ").append(field == f.name ? value : f.usual);
  if (field == "more") text += ", \"ram\": 1";
  return text + "}";
}

TEST(Board, ReadsSizesWithUnits) {
  const Board board = parse_board(board_text("", ""), "b.json");
  EXPECT_EQ(board.name, "b");
  EXPECT_EQ(board.cpu, "x");
  EXPECT_THAT(board.cpu_flags, ::testing::ElementsAre("-mthumb"));
  EXPECT_EQ(board.ram_bytes, 262144);
  EXPECT_EQ(board.flash_bytes, 1048576);
  EXPECT_EQ(board.stack_bytes, 4096);
  EXPECT_EQ(board.clock_hz, 216000000);
}

TEST(Board, NamesTheFieldThatIsWrong) {
  const struct {
    const char* field;
    const char* value;
    const char* message;
  } cases[] = {
      {"ram_bytes", "-1", "b.json: ram_bytes"},
      {"ram_bytes", "1.5", "b.json: ram_bytes"},
      {"ram_bytes", "\"256KB\"", "b.json: ram_bytes: '256KB' is not a size"},
      {"ram_bytes", "\"8388608G\"", "b.json: ram_bytes"},
      {"ram_bytes", "null", "the key \"ram_bytes\" is missing"},
      {"stack_bytes", "\"512K\"", "b.json: stack_bytes: expected at most ram_bytes, 262144"},
      {"clock_hz", "\"fast\"", "b.json: clock_hz"},
      {"more", "", "b.json: "},
  };
  for (const auto& c : cases)
    EXPECT_THAT(error_of([&] { parse_board(board_text(c.field, c.value), "b.json"); }), HasSubstr(c.message))
        << c.field << " " << c.value;
  EXPECT_THAT(error_of([&] { parse_board("{}", "b.json"); }), HasSubstr("b.json"));
  EXPECT_THAT(error_of([&] { parse_board("{\"schema_version\": 2}", "b.json"); }),
              HasSubstr("schema_version"));
  EXPECT_THAT(error_of([&] { parse_board("{", "b.json"); }), HasSubstr("b.json"));
}

TEST(Board, RefusesAFileOfAnotherName) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "thaw-other-name.json";
  std::ofstream(path) << board_text("", "");
  EXPECT_THAT(error_of([&] { read_board(path); }), HasSubstr("'b' is not the file's name"));
  std::filesystem::remove(path);
}

TEST(Board, NamesAFolderThatIsNotThere) {
  EXPECT_THAT(error_of([] { read_boards("no-such-folder"); }), HasSubstr("no-such-folder: cannot be read"));
}

TEST(Board, DamagedFilesAreReadOrRefused) {
  const testing::FuzzCount count =
      testing::fuzz({testing::bytes_of(board_text("", ""))}, [](std::span<const std::byte> bytes) {
        parse_board({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "b.json");
      });
  testing::expect_both_outcomes(count);
}

}  // namespace
}  // namespace thaw
