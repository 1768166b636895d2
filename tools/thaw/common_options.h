// The flags that mean the same in every subcommand: one table of names and texts, from which each subcommand
// picks. Parsing, help, and the configuration file all read this table.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>

#include "sim/plan/input_by.h"
#include "sim/plan/task.h"

namespace thaw::cli {

/// Values of the common flags; absent where the user gave none and the default depends on the command.
struct CommonOptions {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::optional<uint32_t> seed;
  int32_t seeds = 1;
  int32_t jobs = 0;  // 0: one a core
  std::optional<std::string> arithmetic, input, task;

  /// The task that --task names, else `otherwise`.
  Task task_or(Task otherwise) const;

  /// The way that --input names, else `otherwise`.
  InputBy input_by(InputBy otherwise) const;
  std::optional<int32_t> classes;
  std::optional<int32_t> epochs;
  std::optional<double> learning_rate;  // batch 1, one sample
  std::optional<int64_t> ram, flash;    // bytes
  std::optional<int64_t> instructions;  // of a training step, at most
  double threshold = 1.0;               // points of accuracy
  std::filesystem::path output;
};

enum class Flag {
  json,
  quiet,
  verbose,
  seed,
  seeds,
  jobs,
  arithmetic,
  input,
  task,
  classes,
  epochs,
  learning_rate,
  ram,
  flash,
  instructions,
  threshold,
  output,
};

/// Accepts the numbers from `low` to `high`, both inclusive: no infinity, nothing that is not a number.
CLI::Validator from_to(double low, double high);

/// Adds the chosen flags to a subcommand; `options` must outlive the parse.
void add_common_options(CLI::App& command, CommonOptions& options, std::initializer_list<Flag> flags);

/// The number of threads that --jobs means: its value, or one a core.
int32_t job_count(const CommonOptions& options);

}  // namespace thaw::cli
