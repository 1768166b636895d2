// A subcommand of `thaw`: its options, parsed by CLI11, and what it does once they are known.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace thaw::cli {

/// Exit codes of the program; interrupted runs end with 128 + the signal's number.
enum ExitCode { kDone = 0, kInputError = 1, kGateFailed = 2, kWrongUsage = 64 };

/// `run` is called after a successful parse and returns the exit code. It throws thaw::Error at bad input.
struct Command {
  CLI::App* app = nullptr;
  std::function<int()> run;
};

// One file a subcommand. Each adds its options to `root`; the returned `run` owns the parsed values.
Command add_inspect(CLI::App& root);
Command add_plan(CLI::App& root);
Command add_infer(CLI::App& root);
Command add_search(CLI::App& root);
Command add_train(CLI::App& root);
Command add_convert(CLI::App& root);
Command add_generate(CLI::App& root);
Command add_report(CLI::App& root);
Command add_help(CLI::App& root);

}  // namespace thaw::cli
