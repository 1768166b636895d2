// `thaw convert IN OUT --model MODEL`: schedules between our JSON and the flags of the published code.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/output_folder.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/network.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/schedule_json.h"
#include "sim/plan/tiny_training_flags.h"
#include "tools/thaw/command.h"
#include "tools/thaw/common_options.h"
#include "tools/thaw/json_output.h"

namespace thaw::cli {
namespace {

struct Options : CommonOptions {
  std::string input, output_file, model;
};

/// By content: JSON begins with a brace, flags with a dash.
bool is_json(const std::string& text) {
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size())).starts_with('{');
}

std::string read_text(const std::string& path) {
  constexpr uint64_t kMaximalBytes = uint64_t{16} << 20;
  const std::vector<std::byte> bytes = read_file(path, kMaximalBytes);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Channels are selected on the weights as the file holds them.
Network file_network(const Graph& graph, int32_t classes) {
  return reduce(graph, {.classes = classes, .rescale_dead_channels = false});
}

/// A schedule of the same layers for another model or other classes; what was measured no longer holds.
Schedule moved_to(Schedule schedule, const Network& network, const std::string& where) {
  const Schedule before = schedule;
  schedule.classes = network.classifier.classes;
  check_schedule_layers(schedule, network, where);
  describe_model(schedule, network);
  if (before.model_sha256 != schedule.model_sha256 || before.classes != schedule.classes)
    schedule.promise.reset();
  return schedule;
}

/// What is written is what every other command reads: a text that they would refuse is refused here.
void check_reads_back(const std::string& written, bool is_json, const std::string& output_file) {
  if (is_json)
    read_schedule(written, output_file);
  else
    parse_tiny_training_flags(written, output_file);
}

int convert(const Options& options) {
  const Graph graph = read_tflite(options.model);
  const std::string text = read_text(options.input);
  Schedule schedule;
  if (is_json(text)) {
    const Schedule read = read_schedule(text, options.input);
    schedule = moved_to(read, file_network(graph, options.classes.value_or(read.classes)), options.input);
  } else {
    schedule = schedule_from_flags(parse_tiny_training_flags(text, options.input),
                                   file_network(graph, options.classes.value_or(0)), options.input);
  }
  if (options.classes) schedule.training.fresh_classifier = true;
  const Network network = file_network(graph, schedule.classes);
  check_schedule(schedule, network, options.input);
  const bool to_json = std::filesystem::path(options.output_file).extension() == ".json";
  const std::string written =
      to_json ? write_schedule(schedule)
              : write_tiny_training_flags(flags_from_schedule(schedule, network, options.input)) + "\n";
  check_reads_back(written, to_json, options.output_file);
  const std::filesystem::path folder = std::filesystem::path(options.output_file).parent_path();
  open_output_folder(folder);
  write_file_atomically(options.output_file, written);
  if (options.json) {
    print_document({{"schema_version", 1},
                    {"written", options.output_file},
                    {"format", to_json ? "json" : "flags"},
                    {"layers", schedule.update.size()}});
  } else if (!options.quiet) {
    fmt::print("{}: {} layers updated, written as {}\n", options.output_file, schedule.update.size(),
               to_json ? "JSON" : "flags");
  }
  return kDone;
}

}  // namespace

Command add_convert(CLI::App& root) {
  auto options = std::make_shared<Options>();
  CLI::App* app =
      root.add_subcommand("convert", "Translate a schedule between JSON and the flags of tiny-training");
  app->add_option("IN", options->input, "Schedule, as JSON or as one line of flags (told apart by content)")
      ->required();
  app->add_option("OUT", options->output_file, "Result: JSON where the name ends in .json, otherwise flags")
      ->required();
  app->add_option("--model", options->model, "The model that the schedule is for")
      ->required()
      ->type_name("FILE");
  add_common_options(*app, *options, {Flag::classes, Flag::json, Flag::quiet});
  app->footer(
      "Examples:\n"
      "  thaw convert configs/schedules/reference/last-blocks.flags runs/last-blocks.json --model "
      "configs/models/reference.tflite\n"
      "  thaw convert configs/schedules/reference/last-blocks.json runs/last-blocks.flags --model "
      "configs/models/reference.tflite");
  return {app, [options] { return convert(*options); }};
}

}  // namespace thaw::cli
