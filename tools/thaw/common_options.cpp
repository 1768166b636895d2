#include "tools/thaw/common_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <string_view>
#include <thread>

#include "sim/base/byte_size.h"
#include "sim/base/class_limit.h"
#include "sim/base/error.h"
#include "sim/base/parallel.h"
#include "sim/plan/schedule_check.h"

namespace thaw::cli {
namespace {

constexpr int32_t kMostSeeds = 1000;
constexpr int32_t kMostEpochs = 100000;
constexpr double kNoRealLimit = 2147483647.0;  // a bound of the type, not of the thing
constexpr const char* kCaptured = "captured";
constexpr int64_t kMostBytes = int64_t{1} << 40;  // as of a board file

struct Row {
  Flag flag;
  const char* names;
  std::function<CLI::Option*(CLI::App&, CommonOptions&, const char* names)> add;
  const char* text;
  const char* fallback = "";  // what holds where it is not given; kCaptured: the value before parsing
};

auto folder(std::filesystem::path CommonOptions::*member) {
  return [member](CLI::App& app, CommonOptions& options, const char* names) {
    return app.add_option(names, options.*member)->type_name("DIR");
  };
}

template <class Value>
auto within(Value CommonOptions::*member, double low, double high) {
  return [member, low, high](CLI::App& app, CommonOptions& options, const char* names) {
    return app.add_option(names, options.*member)->check(from_to(low, high));
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
                                              if (options.*member > kMostBytes)
                                                throw Error(names, "'" + text + "' is too large");
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

CLI::Option* add_input(CLI::App& app, CommonOptions& options, const char* names) {
  return app.add_option(names, options.input)
      ->check(CLI::IsMember({"image", "rows"}))
      ->type_name("image|rows");
}

CLI::Option* add_task(CLI::App& app, CommonOptions& options, const char* names) {
  return app.add_option(names, options.task)
      ->check(CLI::IsMember({"classify", "regress", "reconstruct"}))
      ->type_name("classify|regress|reconstruct");
}

const std::array kRows = {
    Row{Flag::json, "--json", toggle(&CommonOptions::json), "Print one JSON document on standard output"},
    Row{Flag::quiet, "-q,--quiet", toggle(&CommonOptions::quiet), "No progress, no notes; warnings stay"},
    Row{Flag::verbose, "-v,--verbose", toggle(&CommonOptions::verbose), "More detail"},
    Row{Flag::seed, "--seed", within(&CommonOptions::seed, 0, 4294967295.0), "Seed of every random number",
        "the schedule's"},
    Row{Flag::seeds, "--seeds", within(&CommonOptions::seeds, 1, kMostSeeds), "Runs with consecutive seeds",
        kCaptured},
    Row{Flag::jobs, "--jobs", within(&CommonOptions::jobs, 1, kMostThreads),
        "Threads; results do not depend on it", "one a core"},
    Row{Flag::arithmetic, "--arithmetic", add_arithmetic,
        "int8: what the device computes; float: the paper's simulation", "the schedule's"},
    Row{Flag::input, "--input", add_input,
        "How the device gets an image: whole, or row by row, so that it never lies in RAM whole",
        "the schedule's, else image"},
    Row{Flag::task, "--task", add_task,
        "What the model is trained for: classes; numbers, by its own output; or its input, as an autoencoder",
        "the schedule's, else classify"},
    Row{Flag::classes, "--classes", within(&CommonOptions::classes, kMinimalClasses, kMaximalClasses),
        "Replace the classifier by a fresh one for this many classes"},
    Row{Flag::epochs, "--epochs", within(&CommonOptions::epochs, 1, kMostEpochs),
        "Passes over the training data", "the schedule's"},
    Row{Flag::learning_rate, "--lr", within(&CommonOptions::learning_rate, 1e-9, 1e3),
        "Learning rate for batch 1 and one sample", "the schedule's"},
    Row{Flag::ram, "--ram", bytes(&CommonOptions::ram), "Budget of RAM", "the board's"},
    Row{Flag::flash, "--flash", bytes(&CommonOptions::flash), "Budget of flash", "the board's"},
    Row{Flag::instructions, "--instructions", within(&CommonOptions::instructions, 1, 1e15),
        "Most instructions of a training step, as predicted for the board", "any number"},
    Row{Flag::threshold, "--threshold", within(&CommonOptions::threshold, 0, 100),
        "Points of accuracy that may be lost; of errors, percent that they may rise", kCaptured},
    Row{Flag::output, "-o,--output", folder(&CommonOptions::output), "Directory for the results"},
};

/// "1000", "0.5": without trailing zeros.
std::string plain(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
  return {text, end};
}

/// The same for help, small numbers as "1e-9".
std::string short_text(double value) {
  std::string text = fmt::format("{:.10g}", value);
  if (const size_t zero = text.find("e-0"); zero != std::string::npos) text.erase(zero + 2, 1);
  return text;
}

}  // namespace

CLI::Validator from_to(double low, double high) {
  const auto fault = [low, high](const std::string& text) -> std::string {
    std::string_view digits = text;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    double value = 0.0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = error == std::errc() && rest == digits.data() + digits.size();
    if (whole && value >= low && value <= high) return "";
    return "'" + text + "' is not a number from " + plain(low) + " to " + plain(high);
  };
  return {fault,
          high >= kNoRealLimit ? short_text(low) + " or more" : short_text(low) + " to " + short_text(high)};
}

void add_common_options(CLI::App& command, CommonOptions& options, std::initializer_list<Flag> flags) {
  for (const Row& row : kRows) {
    if (std::find(flags.begin(), flags.end(), row.flag) == flags.end()) continue;
    CLI::Option* option = row.add(command, options, row.names)->description(row.text);
    if (row.fallback == std::string_view(kCaptured))
      option->capture_default_str();
    else
      option->default_str(row.fallback);
  }
}

InputBy CommonOptions::input_by(InputBy otherwise) const {
  if (!input) return otherwise;
  return *input == "rows" ? InputBy::rows : InputBy::image;
}

Task CommonOptions::task_or(Task otherwise) const {
  if (!task) return otherwise;
  if (*task == task_name(Task::regress)) return Task::regress;
  return *task == task_name(Task::reconstruct) ? Task::reconstruct : Task::classify;
}

int32_t job_count(const CommonOptions& options) {
  if (options.jobs > 0) return options.jobs;
  return std::max(1, static_cast<int32_t>(std::thread::hardware_concurrency()));
}

}  // namespace thaw::cli
