// `thaw generate MODEL --schedule S --board B -o DIR`: C sources for the device, and what the simulator
// computes for a few samples, so that a firmware can be held against it.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/generate/ecosystem.h"
#include "engine/generate/generate.h"
#include "engine/generate/kernel_files.h"
#include "engine/generate/naming.h"
#include "memmodel/device_plan.h"
#include "sim/base/byte_size.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/output_folder.h"
#include "sim/data/random.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/schedule_json.h"
#include "sim/plan/training_plan.h"
#include "sim/train/firmware_trace.h"
#include "tools/thaw/board_option.h"
#include "tools/thaw/command.h"
#include "tools/thaw/common_options.h"
#include "tools/thaw/json_output.h"
#include "tools/thaw/model_data.h"
#include "tools/thaw/run_record.h"
#include "tools/thaw/run_threshold.h"

namespace thaw::cli {
namespace {

namespace fs = std::filesystem;

struct Options : CommonOptions {
  std::string model, schedule, board, data, name, run;
  std::string ecosystem = "cmake";
  int32_t check_steps = 3;
  bool inference = false;
  DataOptions read;
};

/// Rates of a training run over `samples` samples an epoch; the table depends on the number of epochs and
/// hardly on the samples, whose rounding decides a last bit at most.
std::array<LearningRate, 128> schedule_rates(const TrainingRecipe& recipe, double samples) {
  return cosine_learning_rates(recipe.learning_rate, samples * recipe.epochs, recipe.warmup_epochs * samples);
}

/// The target of a sample that has one.
std::vector<int8_t> target_of(const Samples& samples, uint32_t id) {
  const auto each = static_cast<std::ptrdiff_t>(samples.targets.size()) / samples.count;
  const auto begin = samples.targets.begin() + id * each;
  return {begin, begin + each};
}

/// One step of sample number `id`.
TraceSample step_of(const Samples& data, uint32_t id, int32_t step) {
  TraceSample sample;
  sample.reset = step == 0;
  sample.label = data.labels[id];
  sample.target = target_of(data, id);
  const auto bytes = static_cast<std::ptrdiff_t>(data.step_bytes());
  const auto begin = data.images.begin() + (std::ptrdiff_t{id} * data.steps + step) * bytes;
  sample.image.assign(begin, begin + bytes);
  return sample;
}

/// The first samples of a training run as `thaw train` orders and mirrors them, after one inference.
std::vector<TraceSample> samples_of_run(const Samples& data, const Schedule& schedule,
                                        const std::array<LearningRate, 128>& rates, int32_t steps) {
  const auto count = static_cast<uint32_t>(data.count);
  const uint32_t seed = schedule.training.seed;
  const std::vector<uint32_t> order = shuffle(seed, 0, count);
  const auto total = static_cast<uint32_t>(
      std::min<uint64_t>(uint64_t{count} * static_cast<uint64_t>(schedule.training.epochs),
                         UINT32_MAX));  // steps that a device counts
  std::vector<TraceSample> samples;
  for (int32_t t = -1; t < std::min<int64_t>(steps, data.count); ++t) {
    const auto place = static_cast<size_t>(std::max(t, 0));
    const uint32_t id = order[place];
    for (int32_t step = 0; step < data.steps; ++step) {
      TraceSample sample = step_of(data, id, step);
      sample.train = t >= 0 && step + 1 == data.steps;
      sample.rate = rates[thaw_rate_entry(static_cast<uint32_t>(place), total)];
      if (schedule.training.flip && flipped(seed, 0, id))
        flip_left_right(sample.image, data.height, data.width, data.channels);
      samples.push_back(std::move(sample));
    }
  }
  return samples;
}

/// The first samples as they are, to be inferred.
std::vector<TraceSample> first_samples(const Samples& data, int32_t count) {
  std::vector<TraceSample> samples;
  for (uint32_t id = 0; id < std::min<int64_t>(count, data.count); ++id)
    for (int32_t step = 0; step < data.steps; ++step) {
      samples.push_back(step_of(data, id, step));
      samples.back().train = false;
    }
  return samples;
}

/// Noise in the place of images: enough to compare bits, not to learn from. Without training all are
/// inferred.
std::vector<TraceSample> random_samples(const Plan& plan, LearningRate rate, int32_t steps) {
  const auto bytes = static_cast<size_t>(plan.buffer(plan.inputs[0]).bytes);
  const auto targets = static_cast<size_t>(plan.task == Task::regress ? plan.buffer(plan.output).bytes : 0);
  const bool trains = !infers_only(plan);
  constexpr uint32_t kSeed = 1;
  std::vector<TraceSample> samples;
  for (int32_t t = trains ? -1 : 0; t < steps; ++t) {
    TraceSample sample;
    sample.train = trains && t >= 0;
    sample.label = plan.classes > 0 ? std::max(t, 0) % plan.classes : 0;
    sample.rate = rate;
    const uint32_t key = random_key(kSeed, 0, static_cast<uint32_t>(std::max(t, 0)));
    for (uint32_t i = 0; i < bytes; ++i)
      sample.image.push_back(static_cast<int8_t>(static_cast<int32_t>(random_word(key, i) >> 24) - 128));
    for (uint32_t i = 0; i < targets; ++i)
      sample.target.push_back(static_cast<int8_t>(static_cast<int32_t>(random_word(key, ~i) >> 24) - 128));
    samples.push_back(std::move(sample));
  }
  return samples;
}

struct Firmware {
  Graph graph;
  Schedule schedule;  // this and the next of a firmware that trains
  std::optional<Network> network;
  Board board;
  DevicePlan device;
  std::array<LearningRate, 128> rates = {};
  std::optional<Normalisation> normalisation;  // of the data, with --normalise
};

void plan_training(const Options& options, Firmware& made) {
  made.schedule = read_schedule_file(options.schedule);
  if (made.schedule.arithmetic != "int8")
    throw Error(options.schedule + ": arithmetic",
                "'" + made.schedule.arithmetic + "' does not run on a device",
                "Generate from a schedule with \"arithmetic\": \"int8\"");
  if (!options.run.empty() && is_trained_model(options.run, made.graph)) {  // the same layers, trained
    made.schedule.model_file = made.graph.file_name;
    made.schedule.model_sha256 = made.graph.sha256;
  }
  if (options.seed) made.schedule.training.seed = *options.seed;
  made.schedule.task = options.task_or(made.schedule.task);
  if (compares_output(made.schedule.task)) made.schedule.classes = 0;
  made.schedule.input_by = options.input_by(made.schedule.input_by);
  made.network = reduce(made.graph, {.classes = made.schedule.classes,
                                     .fresh_classifier = made.schedule.training.fresh_classifier,
                                     .task = made.schedule.task});
  check_schedule(made.schedule, *made.network, options.schedule);
  made.device = device_training_plan(*made.network, made.schedule, made.board);
}

Firmware plan_firmware(const Options& options) {
  Firmware made;
  made.board = board_option(options.board, options.ram, options.flash);
  made.graph = read_tflite(options.model);
  if (options.inference)
    made.device = device_inference_plan(made.graph, made.board, options.input_by(InputBy::image));
  else
    plan_training(options, made);
  return made;
}

/// Files of DIR/check, from DATA or from noise; sets the table of rates.
FirmwareTrace check_training(const Options& options, Firmware& made) {
  const TrainingRecipe& recipe = made.schedule.training;
  made.rates = schedule_rates(recipe, 1.0);
  std::vector<TraceSample> samples;
  uint32_t schedule_steps = 0;
  if (options.data.empty()) {
    samples =
        random_samples(made.device.plan, quantize_learning_rate(recipe.learning_rate), options.check_steps);
  } else {
    const ModelData data = read_training_data(options.data, *made.network, options.read);
    if (!compares_output(made.network->task) &&
        static_cast<int32_t>(data.about.class_names.size()) > made.device.plan.classes)
      throw Error(options.data, fmt::format("has {} classes, the schedule is for {}",
                                            data.about.class_names.size(), made.device.plan.classes));
    print_data_remarks(data.about, options.quiet || options.json);
    made.normalisation = data.normalisation;
    made.rates = schedule_rates(recipe, static_cast<double>(data.train.count));
    schedule_steps = static_cast<uint32_t>(data.train.count * recipe.epochs);
    samples = samples_of_run(data.train, made.schedule, made.rates, options.check_steps);
  }
  return firmware_trace(made.device.plan, made.device.layout.offsets, KernelSet::host, recipe.seed,
                        schedule_steps, samples);
}

/// The same where nothing is trained.
FirmwareTrace check_inference(const Options& options, Firmware& made) {
  std::vector<TraceSample> samples;
  if (options.data.empty()) {
    samples = random_samples(made.device.plan, {}, options.check_steps);
  } else {
    const ModelData data =
        read_model_data(options.data, made.graph, int8_input(made.graph), DataUse::inference, options.read);
    print_data_remarks(data.about, options.quiet || options.json);
    made.normalisation = data.normalisation;
    samples = first_samples(data.test.count > 0 ? data.test : data.train, options.check_steps);
  }
  return firmware_trace(made.device.plan, made.device.layout.offsets, KernelSet::host, 0, 0, samples);
}

FirmwareRequest training_request(const Firmware& made) {
  const Tensor& input = made.network->graph.tensor(made.network->input);
  const Quantization& output =
      made.network->graph.tensor(made.network->classifier.feature_tensor).quantization;
  FirmwareRequest request{made.device.plan, made.device.layout, made.board, input_shape(*made.network)};
  request.input_scale = static_cast<double>(input.quantization.scale());
  request.input_zero_point = input.quantization.zero_point();
  request.rate = quantize_learning_rate(made.schedule.training.learning_rate);
  request.rates = made.rates;
  request.output_scale = static_cast<double>(output.scale());
  request.output_zero_point = output.zero_point();
  request.uint8_in_file = made.network->graph.tensor(made.network->graph.inputs[0]).uint8_in_file;
  return request;
}

void write_file(const fs::path& folder, const std::string& path, std::string_view text) {
  const fs::path file = folder / path;
  open_output_folder(file.parent_path());
  write_file_atomically(file, text);
}

/// What runs the check from here: the repository's tool, or the one beside an installed program; empty:
/// neither.
std::string check_program() {
  if (fs::exists("tools/run-on-qemu")) return "tools/run-on-qemu";
  const fs::path installed = fs::read_symlink("/proc/self/exe").parent_path() / "thaw-run-on-qemu";
  return fs::exists(installed) ? installed.string() : "";
}

void print_sizes(const Firmware& made, Ecosystem ecosystem, const fs::path& folder) {
  const MemoryTotals& s = made.device.totals;
  fmt::print("{} for {}, written to {}\n", made.device.plan.model_file, made.board.name, folder.string());
  fmt::print("RAM    {} = arena {} + persistent {} + stack {} bytes, of {}\n", s.ram.required, s.arena,
             s.persistent, s.stack, s.ram.available);
  fmt::print("flash  {} = constants {} + code {} (estimated) bytes, of {}\n", s.flash.required, s.constants,
             s.code, s.flash.available);
  if (ecosystem != Ecosystem::cmake) {
    fmt::print("add    {}\n", (folder / "README.md").string());
    return;
  }
  fmt::print("build  make -C {}\n", folder.string());
  if (const std::string checker = check_program(); has_port(made.board) && !checker.empty())
    fmt::print("check  {} {}\n", checker, folder.string());
}

Json sizes_json(const Firmware& made) {
  const MemoryTotals& s = made.device.totals;
  return {{"ram",
           {{"required", s.ram.required},
            {"arena", s.arena},
            {"persistent", s.persistent},
            {"stack", s.stack},
            {"available", s.ram.available}}},
          {"flash",
           {{"required", s.flash.required},
            {"constants", s.constants},
            {"code_estimated", s.code},
            {"available", s.flash.available}}}};
}

int generate_command(const Options& options) {
  check_model_name(options.name);
  Firmware made = plan_firmware(options);
  const fs::path folder = options.output.empty() ? fs::path("runs/firmware") : options.output;
  check_output_folder(folder);
  // Of a model that has no such firmware the request is refused; of training it needs the check's rates.
  std::optional<FirmwareRequest> inference;
  if (options.inference)
    inference.emplace(inference_request(made.graph, made.device.plan, made.device.layout, made.board));
  const FirmwareTrace trace = inference ? check_inference(options, made) : check_training(options, made);
  FirmwareRequest request = inference ? *inference : training_request(made);
  if (made.normalisation) {
    request.input_scale = static_cast<double>(made.normalisation->input.scale());
    request.input_zero_point = made.normalisation->input.zero_point();
  }
  if (!options.run.empty()) request.anomaly_threshold = run_threshold(options.run, made.graph, made.schedule);
  request.name = options.name;
  request.ecosystem = ecosystem_named(options.ecosystem);
  for (const GeneratedFile& file : generate(request)) write_file(folder, file.path, file.text);
  open_output_folder(folder / "check");
  write_file_atomically(folder / "check/samples.bin", trace.samples);
  write_file_atomically(folder / "check/expected.bin", trace.expected);
  fs::remove(folder / "normalisation.json");  // of an earlier firmware in this folder
  if (made.normalisation)
    write_json_file(folder / "normalisation.json",
                    normalisation_json(normalisation_record(*made.normalisation)));
  if (options.json) {
    Json document = {{"schema_version", 1}, {"written", folder.string()}, {"board", made.board.name}};
    document.update(sizes_json(made));
    print_document(document);
  } else if (!options.quiet) {
    print_sizes(made, request.ecosystem, folder);
  }
  return kDone;
}

}  // namespace

Command add_generate(CLI::App& root) {
  auto options = std::make_shared<Options>();
  CLI::App* app =
      root.add_subcommand("generate", "Write C sources that infer and train on a board, or infer alone");
  app->add_option("MODEL", options->model, "TFLite file, int8")->required();
  CLI::Option* schedule =
      app->add_option("--schedule", options->schedule, "What is updated, and how it is trained")
          ->type_name("FILE");
  app->add_flag("--inference", options->inference,
                "In the place of a schedule: a firmware that does not train, smaller and faster")
      ->excludes(schedule);
  app->add_option("--board", options->board, "Name of a board of configs/boards, or a board file")
      ->required()
      ->type_name("NAME|FILE");
  app->add_option(
         "--data", options->data,
         "Check the firmware on the first training samples of these data (default: on noise), and take the "
         "rates of a run over them; with --inference, on the first test samples")
      ->type_name("DATA");
  app->add_option(
         "--run", options->run,
         "Folder of a run of 'thaw train --task reconstruct': its threshold of anomalies goes into the "
         "header; MODEL may be its model.tflite, to begin where the run ended")
      ->type_name("DIR");
  app->add_option("--name", options->name,
                  "Begins every symbol and file, so that several models live in one program")
      ->type_name("NAME")
      ->default_str("thaw");
  app->add_option("--for", options->ecosystem, "Whose build the folder is laid out for")
      ->check(CLI::IsMember(std::vector<std::string>(ecosystem_names().begin(), ecosystem_names().end())))
      ->capture_default_str();
  app->add_option("--check-steps", options->check_steps,
                  "Training steps of the check, or with --inference, inferences")
      ->check(from_to(0, 1000000))
      ->capture_default_str();
  add_data_options(*app, options->read);
  add_common_options(
      *app, *options,
      {Flag::output, Flag::seed, Flag::task, Flag::input, Flag::ram, Flag::flash, Flag::json, Flag::quiet});
  app->get_option("--inference")->excludes(app->get_option("--task"))->excludes(app->get_option("--run"));
  app->get_option("--output")->default_str("runs/firmware");
  app->footer(
      "Examples:\n"
      "  thaw generate configs/models/reference.tflite --schedule "
      "configs/schedules/reference/last-blocks.json "
      "--board mps2-an500 -o runs/firmware\n"
      "  thaw generate configs/models/reference.tflite --schedule "
      "configs/schedules/reference/last-layer.json "
      "--board host --data /usr/share/datasets/fashion-mnist --check-steps 20 -o runs/native\n"
      "  thaw generate configs/models/reference.tflite --inference --board mps2-an386 -o runs/inference");
  return {app, [options] {
            if (options->schedule.empty() && !options->inference)
              throw CLI::RequiredError("--schedule (or --inference, for a firmware that does not train)");
            return generate_command(*options);
          }};
}

}  // namespace thaw::cli
