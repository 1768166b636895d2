#include "tools/thaw/common_options.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <thread>

#include "sim/graph/byte_size.h"
#include "sim/graph/error.h"
#include "sim/plan/schedule_check.h"

namespace thaw::cli {
namespace {

struct Row {
  Flag flag;
  const char* names;
  std::function<CLI::Option*(CLI::App&, CommonOptions&, const char* names)> add;
  const char* text;
};

template <class Value>
auto value(Value CommonOptions::*member) {
  return [member](CLI::App& app, CommonOptions& options, const char* names) {
    return app.add_option(names, options.*member);
  };
}

template <class Value>
auto at_least(Value CommonOptions::*member, double low) {
  return [member, low](CLI::App& app, CommonOptions& options, const char* names) {
    return app.add_option(names, options.*member)
        ->check(CLI::Range(low, static_cast<double>(std::numeric_limits<int32_t>::max())));
  };
}

auto toggle(bool CommonOptions::*member) {
  return [member](CLI::App& app, CommonOptions& options, const char* names) {
    return app.add_flag(names, options.*member);
  };
}

auto bytes(std::optional<int64_t> CommonOptions::*member) {
  return [member](CLI::App& app, CommonOptions& options, const char* names) {
    return app
        .add_option_function<std::string>(names,
                                          [&options, member, names](const std::string& text) {
                                            try {
                                              options.*member = parse_byte_size(text, names);
                                            } catch (const Error& error) {
                                              throw CLI::ValidationError(error.what());
                                            }
                                          })
        ->type_name("BYTES|192K");
  };
}

CLI::Option* add_arithmetic(CLI::App& app, CommonOptions& options, const char* names) {
  return app.add_option(names, options.arithmetic)
      ->check(CLI::IsMember({"int8", "float"}))
      ->type_name("int8|float");
}

CLI::Option* add_classes(CLI::App& app, CommonOptions& options, const char* names) {
  return app.add_option(names, options.classes)->check(CLI::Range(kMinimalClasses, kMaximalClasses));
}

CLI::Option* add_learning_rate(CLI::App& app, CommonOptions& options, const char* names) {
  return app.add_option(names, options.learning_rate)->check(CLI::Range(1e-9, 1e3));
}

const std::array kRows = {
    Row{Flag::json, "--json", toggle(&CommonOptions::json), "Print one JSON document on standard output"},
    Row{Flag::quiet, "-q,--quiet", toggle(&CommonOptions::quiet), "No progress, no notes; warnings stay"},
    Row{Flag::verbose, "-v,--verbose", toggle(&CommonOptions::verbose), "More detail"},
    Row{Flag::seed, "--seed", value(&CommonOptions::seed),
        "Seed of every random number (default: the schedule's)"},
    Row{Flag::seeds, "--seeds", at_least(&CommonOptions::seeds, 1), "Runs with consecutive seeds"},
    Row{Flag::jobs, "--jobs", at_least(&CommonOptions::jobs, 1),
        "Threads (default: one a core); results do not depend on it"},
    Row{Flag::arithmetic, "--arithmetic", add_arithmetic,
        "int8: what the device computes; float: the paper's simulation"},
    Row{Flag::classes, "--classes", add_classes,
        "Replace the classifier by a fresh one for this many classes"},
    Row{Flag::epochs, "--epochs", at_least(&CommonOptions::epochs, 1),
        "Passes over the training data (default: the schedule's)"},
    Row{Flag::learning_rate, "--lr", add_learning_rate,
        "Learning rate for batch 1 and one sample (default: the schedule's)"},
    Row{Flag::ram, "--ram", bytes(&CommonOptions::ram), "Budget of RAM; overrides the board's"},
    Row{Flag::flash, "--flash", bytes(&CommonOptions::flash), "Budget of flash; overrides the board's"},
    Row{Flag::threshold, "--threshold", at_least(&CommonOptions::threshold, 0),
        "Points of accuracy that may be lost"},
    Row{Flag::output, "-o,--output", value(&CommonOptions::output), "Directory for the results"},
};

}  // namespace

void add_common_options(CLI::App& command, CommonOptions& options, std::initializer_list<Flag> flags) {
  for (const Row& row : kRows)
    if (std::find(flags.begin(), flags.end(), row.flag) != flags.end())
      row.add(command, options, row.names)->description(row.text);
}

int32_t job_count(const CommonOptions& options) {
  if (options.jobs > 0) return options.jobs;
  return std::max(1, static_cast<int32_t>(std::thread::hardware_concurrency()));
}

}  // namespace thaw::cli
