// Makes memmodel/cost/instruction_costs.cpp: counts the instructions of firmware in QEMU, kernel by kernel,
// and fits what every unit of work costs. Run it from the repository's root; counting goes on where FILE
// ends:
//   instruction_costs count BOARD FILE [CASE...]       what fit_case.h calls the cases; default: those of the
//   fit instruction_costs fit TABLE.cpp FILE... [--steps]  writes the table from counts on one board a
//   processor; where
//                                                     they say little, like the first of the same kernels
//   instruction_costs show FILE [--steps]              the table's errors on counts
// A compiler cache makes counting several times faster: all firmwares of a board have the same kernels.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>

#include "memmodel/cost/instructions.h"
#include "memmodel/kernel_choice.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "tools/bench/instruction_costs/fit.h"

namespace thaw::bench {
namespace {

constexpr int64_t kLargeRam = 512 * 1024;  // what QEMU's smallest board has

/// The board as file or name, with the RAM that QEMU has. A Cortex-M0's instructions run on a Cortex-M3,
/// whose board has room for them.
Board counting_board(const std::string& name) {
  Board board = read_board("configs/boards/" + name + ".json");
  if (board.port == "microbit") board.port = "mps2-an385";
  board.ram_bytes = kLargeRam;
  board.flash_bytes = 4 * kLargeRam;
  board.stack_bytes = std::max<int64_t>(board.stack_bytes, 4096);
  return board;
}

void count(const std::string& board_name, const std::string& file, std::vector<std::string> cases) {
  const Board board = counting_board(board_name);
  if (cases.empty()) cases = fitted_cases();
  std::set<std::string> done;
  for (const Counted& counted : read_counted(file)) done.insert(counted.name);
  const std::filesystem::path folder = file + ".firmware";
  for (const std::string& name : cases) {
    if (done.contains(name)) continue;
    try {
      append_counted(file, count_instructions(fit_case(name), board, folder));
    } catch (const Error& error) {  // a random network may be no firmware; what remains is counted
      fmt::print(stderr, "{}: {}\n", name, error.what());
    }
  }
}

struct Counts {
  Processor processor = Processor::cortex_m0;
  DeviceKernels kernels = DeviceKernels::dsp;
  std::vector<std::vector<FitRow>> cases;
};

Counts counts_of(const std::string& file) {
  Counts counts;
  for (const Counted& counted : read_counted(file)) {
    const Board board = counting_board(counted.board);
    counts.processor = processor_of(board).value();
    counts.kernels = device_kernels(board);
    counts.cases.push_back(rows_of(fit_case(counted.name), counted, counts.kernels));
  }
  return counts;
}

void print_errors(const std::vector<FitRow>& rows, const Costs& costs, bool steps) {
  for (const FitRow& row : rows) {
    if (!steps && row.weight == 1) continue;
    const double says = predicted(row.work, costs);
    fmt::print("{:>12.0f} {:>12.0f} {:>+7.1f} %  {}\n", row.instructions, says,
               100 * (says / row.instructions - 1), row.name);
  }
}

const char* const kHead =
    "// Written by tools/bench/instruction_costs: do not edit. Fitted to what QEMU counts of firmware that\n"
    "// arm-none-eabi-gcc 12.2 and riscv64-unknown-elf-gcc 12.2 compile with the generated Makefile; 0 where "
    "a\n"
    "// processor has no such work. It may be longer than 400 lines because it is a table.\n"
    "#include \"memmodel/cost/instruction_costs.h\"\n\nnamespace thaw {{\nnamespace {{\n\n"
    "// clang-format off\n"
    "//  unit, then instructions on Cortex-M0, M3, M4, M7, M33, M55, M55 with Helium, RV32\n"
    "constexpr UnitCost kCosts[] = {{\n";
const char* const kFoot =
    "}};\n// clang-format on\n\n}}  // namespace\n\nstd::span<const UnitCost> instruction_costs() {{\n"
    "  return kCosts;\n}}\n\n}}  // namespace thaw\n";

void fit(const std::string& table, const std::vector<std::string>& files, bool steps) {
  std::map<std::string, std::array<double, kProcessors>> costs;
  std::map<DeviceKernels, Costs> first;  // of each set of kernels
  for (const std::string& file : files) {
    const Counts counts = counts_of(file);
    std::vector<FitRow> rows;
    for (const std::vector<FitRow>& some : counts.cases) rows.insert(rows.end(), some.begin(), some.end());
    const Costs fitted = fitted_costs(rows, first[counts.kernels]);
    if (first[counts.kernels].empty()) first[counts.kernels] = fitted;
    for (const auto& [unit, cost] : fitted) costs[unit][static_cast<size_t>(counts.processor)] = cost;
    fmt::print("{}: {} rows, {} units\n", file, rows.size(), fitted.size());
    print_errors(rows, fitted, steps);
  }
  std::string text = fmt::format(fmt::runtime(kHead));
  for (const auto& [unit, row] : costs) {
    text += fmt::format("    {{\"{}\", {{", unit);
    for (size_t i = 0; i < row.size(); ++i) text += fmt::format("{}{:.5g}", i == 0 ? "" : ", ", row[i]);
    text += "}},\n";
  }
  write_file_atomically(table, text + fmt::format(fmt::runtime(kFoot)));
}

void show(const std::string& file, bool steps) {
  const Counts counts = counts_of(file);
  Costs costs;
  for (const UnitCost& cost : instruction_costs())
    costs[std::string(cost.unit)] = cost.instructions[static_cast<size_t>(counts.processor)];
  for (const std::vector<FitRow>& rows : counts.cases) print_errors(rows, costs, steps);
}

}  // namespace
}  // namespace thaw::bench

int main(int argc, char** argv) {
  CLI::App app("What units of work cost in instructions; run it from the repository's root");
  app.require_subcommand(1);
  std::string board, file, table;
  std::vector<std::string> names;
  bool steps = false;
  CLI::App* count = app.add_subcommand("count", "Counts the instructions of firmware");
  count->add_option("BOARD", board, "Name of a board of configs/boards")->required();
  count->add_option("FILE", file, "Counts; lines are appended")->required();
  count->add_option("CASE", names, "Cases");
  CLI::App* fit = app.add_subcommand("fit", "Fits the table");
  fit->add_option("TABLE", table, "Source file to write")->required();
  fit->add_option("FILE", names, "Counts")->required();
  fit->add_flag("--steps", steps, "Print the errors of every step too");
  CLI::App* show = app.add_subcommand("show", "Prints the table's errors");
  show->add_option("FILE", file, "Counts")->required();
  show->add_flag("--steps", steps, "Of every step too");
  CLI11_PARSE(app, argc, argv);
  try {
    if (*count) thaw::bench::count(board, file, names);
    if (*fit) thaw::bench::fit(table, names, steps);
    if (*show) thaw::bench::show(file, steps);
  } catch (const thaw::Error& error) {
    fmt::print(stderr, "instruction_costs: {}\n", error.what());
    return 1;
  }
  return 0;
}
