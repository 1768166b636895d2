// `thaw train MODEL DATA --schedule S`: one training run (or several seeds) exactly as the device would do
// it. Writes DIR/run.json, schedule.json, state.bin, model.tflite and predictions.bin (one byte a test
// sample) or, where the model's own output is compared, scores.csv. It is longer than 400 lines because the
// steps of a run, what is printed and what is written all read the types that it defines.
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "search/run_directory.h"
#include "search/run_lock.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/grouped_text.h"
#include "sim/base/interval.h"
#include "sim/base/json.h"
#include "sim/base/output_folder.h"
#include "sim/base/parallel.h"
#include "sim/base/printable.h"
#include "sim/base/sha256.h"
#include "sim/exec/prefix_cache.h"
#include "sim/float/float_prefix.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/schedule_json.h"
#include "sim/plan/training_plan.h"
#include "sim/train/float_run.h"
#include "sim/train/macro_f1.h"
#include "sim/train/output_metrics.h"
#include "sim/train/state_file.h"
#include "sim/train/trained_model.h"
#include "sim/train/trainer.h"
#include "tools/thaw/accuracy.h"
#include "tools/thaw/command.h"
#include "tools/thaw/common_options.h"
#include "tools/thaw/interrupt.h"
#include "tools/thaw/json_output.h"
#include "tools/thaw/model_data.h"
#include "tools/thaw/progress.h"
#include "tools/thaw/replay_options.h"
#include "tools/thaw/run_record.h"
#include "tools/thaw/sample_limit.h"
#include "tools/thaw/table.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Options : CommonOptions {
  std::string model, data, schedule;
  int64_t samples = 0;  // of each split; 0: all
  int32_t batch = 1;
  DataOptions read;
  Replay replay;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The schedule as the flags change it. What was measured for another recipe no longer holds.
Schedule chosen_schedule(const Options& options) {
  const Schedule read = read_schedule_file(options.schedule);
  Schedule schedule = read;
  TrainingRecipe& recipe = schedule.training;
  if (options.classes) {
    schedule.classes = *options.classes;
    recipe.fresh_classifier = true;
  }
  schedule.task = options.task_or(schedule.task);
  if (compares_output(schedule.task)) schedule.classes = 0;
  if (options.seed) recipe.seed = *options.seed;
  if (options.epochs) recipe = with_epochs(recipe, *options.epochs);
  if (options.learning_rate) recipe.learning_rate = *options.learning_rate;
  if (options.arithmetic) schedule.arithmetic = *options.arithmetic;
  schedule.input_by = options.input_by(schedule.input_by);
  if (schedule != read) {
    schedule.promise.reset();
    schedule.provenance.reset();
  }
  return schedule;
}

/// Everything that all seeds share.
struct Setting {
  Network network;
  std::optional<FloatModel> float_model;  // with --arithmetic float
  ModelData data;
  PrefixCache train_cache, test_cache;
  double prepare_seconds = 0.0;

  bool has_test() const { return data.test.count > 0; }
  bool classifies() const { return !compares_output(network.task); }
  /// A loss times this is one of real values: squared steps of the output become its squared units.
  double loss_unit() const {
    const double scale =
        static_cast<double>(network.graph.tensor(network.classifier.feature_tensor).quantization.scale());
    return classifies() ? 1.0 : scale * scale;
  }
};

Setting prepare(const Options& options, const Schedule& schedule) {
  Setting setting;
  const Graph graph = read_tflite(options.model);
  const bool integer = schedule.arithmetic == "int8";
  if (!integer && compares_output(schedule.task))
    throw Error("--arithmetic float", fmt::format("cannot {}", task_name(schedule.task)),
                "It trains classifiers; leave it out to train as the device does");
  setting.network = reduce(graph, {.classes = schedule.classes,
                                   .fresh_classifier = schedule.training.fresh_classifier,
                                   .rescale_dead_channels = integer,
                                   .task = schedule.task});
  check_schedule(schedule, setting.network, options.schedule);
  setting.data = read_training_data(options.data, setting.network, options.read);
  if (setting.classifies())
    check_classes(setting.data.about, schedule.classes, "the schedule is for", options.data,
                  DataUse::training);
  check_trained_model(setting.network);
  keep_samples(setting.data.train, options.samples);
  keep_samples(setting.data.test, options.samples);
  if (setting.data.train.count < options.batch)
    throw Error(options.data,
                fmt::format("a batch of {} samples needs more than the {} there are", options.batch,
                            setting.data.train.count),
                "Give a smaller --batch");
  print_data_remarks(setting.data.about, options.quiet || options.json);
  const Clock::time_point start = Clock::now();
  const size_t layer = first_updated_layer(setting.network, schedule);
  const int32_t threads = job_count(options);
  const bool flip = schedule.training.flip;
  if (integer) {
    setting.train_cache = cache_prefix(setting.network, layer, setting.data.train, flip, threads);
    setting.test_cache = cache_prefix(setting.network, layer, setting.data.test, false, threads);
  } else {
    setting.float_model = float_model(setting.network);
    setting.train_cache = cache_float_prefix(*setting.float_model, layer, setting.data.train, flip, threads);
    setting.test_cache = cache_float_prefix(*setting.float_model, layer, setting.data.test, false, threads);
  }
  for (Samples* samples : {&setting.data.train, &setting.data.test}) {
    samples->images.clear();
    samples->images.shrink_to_fit();
  }
  setting.prepare_seconds = seconds_since(start);
  return setting;
}

struct SeedRun {
  Schedule schedule;
  TrainingResult result;
  TrainedValues values;
  OutputMetrics metrics;  // where the output is compared
  double seconds = 0.0;
};

void print_epoch(const EpochReport& report, const TrainingRecipe& recipe, const Setting& setting,
                 bool several_seeds) {
  std::string line = several_seeds ? fmt::format("seed {} ", recipe.seed) : "";
  line += fmt::format("epoch {}/{}  ", report.epoch, recipe.epochs);
  if (setting.classifies()) {
    line +=
        fmt::format("loss {:.4f}  train {:.2f} %", report.loss, 100 * report.train_accuracy.value_or(0.0));
    if (report.test_accuracy) line += fmt::format("  test {:.2f} %", 100 * *report.test_accuracy);
  } else {
    line += fmt::format("mean squared error {:.4g}", report.loss * setting.loss_unit());
    if (report.test_loss) line += fmt::format("  test {:.4g}", *report.test_loss * setting.loss_unit());
  }
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

/// One run in the schedule's arithmetic.
void train_one(const Setting& setting, const TrainingData& data, const TrainingControl& control,
               int32_t batch, SeedRun& run) {
  if (setting.float_model) {
    FloatRun trained = train_float(*setting.float_model, run.schedule, data, batch, control);
    run.result = std::move(trained.run);
    run.values = trained_values(*setting.float_model, trained.parameters);
    return;
  }
  const Plan plan = training_plan(setting.network, run.schedule);
  run.result = train(setting.network, plan, run.schedule, data, control);
  Executor executor(plan, {}, KernelSet::host, run.schedule.training.seed);
  executor.set_state(run.result.state);
  run.values = trained_values(setting.network, executor);
  if (!setting.classifies()) run.metrics = output_metrics(executor, setting.network, data);
}

/// How many seeds train at once. A float run takes all threads for itself.
int32_t workers(const Options& options, const Setting& setting) {
  if (!setting.float_model) return job_count(options);
  omp_set_num_threads(job_count(options));
  return 1;
}

/// Trains every seed, up to --jobs at once; results do not depend on how many.
std::vector<SeedRun> train_seeds(const Options& options, const Schedule& schedule, const Setting& setting) {
  std::vector<SeedRun> runs(static_cast<size_t>(options.seeds));
  for (size_t i = 0; i < runs.size(); ++i) {
    runs[i].schedule = schedule;
    runs[i].schedule.training.seed += static_cast<uint32_t>(i);
  }
  const bool silent = options.quiet || options.json;
  const int64_t total = setting.data.train.count * schedule.training.epochs * options.seeds;
  Progress progress("training", silent);
  std::mutex output;
  std::atomic<int64_t> samples = 0;
  for_each_parallel(options.seeds, workers(options, setting), [&](int64_t i) {
    SeedRun& run = runs[static_cast<size_t>(i)];
    const Clock::time_point start = Clock::now();
    TrainingControl control;
    control.replay = options.replay;
    control.test_every_epoch = setting.has_test();
    control.cancelled = [&] {
      const int64_t done = samples += 64;
      const std::lock_guard lock(output);
      progress.update(done, total);
      return interrupted();
    };
    if (!silent)
      control.on_epoch = [&](const EpochReport& report) {
        const std::lock_guard lock(output);
        progress.clear();
        print_epoch(report, run.schedule.training, setting, runs.size() > 1);
      };
    TrainingData data;
    data.train = {&setting.train_cache, &setting.data.train.labels, {}, &setting.data.train.targets};
    if (setting.has_test())
      data.test = {&setting.test_cache, &setting.data.test.labels, {}, &setting.data.test.targets};
    train_one(setting, data, control, options.batch, run);
    run.seconds = seconds_since(start);
  });
  return runs;
}

void write_seed(const Setting& setting, const SeedRun& run, const fs::path& folder) {
  open_output_folder(folder);
  const std::string schedule_text = write_schedule(run.schedule);
  write_file_atomically(folder / "schedule.json", schedule_text);
  TrainedState state;
  state.model_sha256 = setting.network.graph.sha256;
  state.schedule_sha256 = sha256_hex(std::as_bytes(std::span(schedule_text)));
  state.seed = run.schedule.training.seed;
  state.steps = run.result.steps;
  state.values = run.result.state;
  write_file_atomically(folder / "state.bin", write_state(state));
  constexpr int64_t kCalibrationSamples = 500;
  const LogitRange logits =
      measure_logits(setting.network, run.values, setting.train_cache, kCalibrationSamples);
  write_file_atomically(folder / "model.tflite",
                        write_tflite(trained_graph(setting.network, run.values, logits)));
  if (!setting.classifies()) {
    write_file_atomically(folder / "scores.csv", scores_text(run.metrics, setting.data.test.labels));
    return;
  }
  std::vector<std::byte> predictions;  // at most 255 classes
  for (int32_t p : run.result.predictions) predictions.push_back(static_cast<std::byte>(p));
  write_file_atomically(folder / "predictions.bin", predictions);
}

RunAccuracy accuracy_record(double share, int64_t samples) {
  return {share, wilson_interval(share, samples)};
}

Metric macro_f1_of(const SeedRun& run, const Setting& setting) {
  return macro_f1(setting.data.test.labels, run.result.predictions, setting.network.classifier.classes);
}

RunSeed seed_record(const SeedRun& run, const Setting& setting) {
  RunSeed record;
  record.seed = run.schedule.training.seed;
  record.outcome = run.result.outcome;
  record.steps = run.result.steps;
  for (EpochReport epoch : run.result.epochs) {
    epoch.loss *= setting.loss_unit();
    if (epoch.test_loss) *epoch.test_loss *= setting.loss_unit();
    record.epochs.push_back(epoch);
  }
  if (!setting.classifies()) {
    record.metrics = {run.metrics.test, {}};
    if (run.metrics.threshold) record.metrics->threshold = {*run.metrics.threshold, kThresholdQuantile};
  } else if (setting.has_test()) {
    record.accuracy = accuracy_record(run.result.accuracy, setting.data.test.count);
    const Metric f1 = macro_f1_of(run, setting);
    record.macro_f1 = {f1.value, {f1.low, f1.high}};
  }
  record.signature = run.result.signature;
  if (setting.float_model) record.clipped_values = run.values.clipped;
  record.seconds = run.seconds;
  return record;
}

double mean_accuracy(const std::vector<SeedRun>& runs) {
  double sum = 0.0;
  for (const SeedRun& run : runs) sum += run.result.accuracy;
  return sum / static_cast<double>(runs.size());
}

RunFile train_record(const Options& options, const Schedule& schedule, const Setting& setting,
                     const std::vector<SeedRun>& runs) {
  RunFile record = run_record(setting.network.graph, setting.data);
  TrainFacts& facts = record.train.emplace();
  facts.schedule_file = printable(options.schedule);
  facts.schedule_layers = std::ssize(schedule.update);
  facts.arithmetic = schedule.arithmetic;
  facts.batch = options.batch;
  facts.task = schedule.task;
  if (options.replay.samples > 0) facts.replay = {options.replay.samples, options.replay.memory_bytes};
  for (const SeedRun& run : runs) facts.seeds.push_back(seed_record(run, setting));
  if (setting.has_test() && setting.classifies())
    facts.accuracy = accuracy_record(mean_accuracy(runs), setting.data.test.count);
  facts.prepare_seconds = setting.prepare_seconds;
  return record;
}

void print_metrics(const OutputMetrics& metrics, const std::string& seed) {
  for (const Metric& m : metrics.test)
    fmt::print("{}{} {:.4g} (95 % interval {:.4g} to {:.4g}; {} is better)\n", seed, m.name, m.value, m.low,
               m.high, m.higher_is_better ? "higher" : "lower");
  if (metrics.threshold)
    fmt::print("{}threshold {} for thaw_last_loss: {:.0f} % of the training samples lie at or below it\n",
               seed, *metrics.threshold, 100 * kThresholdQuantile);
}

void print_shares(const SeedRun& run, const Setting& setting, const std::string& seed) {
  fmt::print("{}accuracy {}\n", seed, accuracy_text(run.result.accuracy, setting.data.test.count));
  const Metric f1 = macro_f1_of(run, setting);
  fmt::print("{}{} {:.4f} (95 % interval {:.4f} to {:.4f})\n", seed, f1.name, f1.value, f1.low, f1.high);
}

void print_result(const Setting& setting, const std::vector<SeedRun>& runs, const fs::path& folder) {
  for (const SeedRun& run : runs) {
    const std::string seed = runs.size() > 1 ? fmt::format("seed {} ", run.schedule.training.seed) : "";
    if (run.result.outcome == Outcome::diverged)
      fmt::print("{}diverged after {} samples: try a smaller --lr\n", seed, grouped_text(run.result.steps));
    else if (!setting.classifies())
      print_metrics(run.metrics, seed);
    else if (setting.has_test())
      print_shares(run, setting, seed);
    if (run.values.clipped > 0)
      fmt::print("{}{} float values lie outside int8 or int32; model.tflite holds the nearest\n", seed,
                 grouped_text(run.values.clipped));
    fmt::print("{}signature {}\n", seed, run.result.signature);
    fmt::print("{}{:.0f} samples/s\n", seed, run.result.steps / std::max(run.seconds, 1e-9));
  }
  if (runs.size() > 1 && setting.has_test() && setting.classifies())
    fmt::print("mean of {} seeds {}\n", runs.size(),
               accuracy_text(mean_accuracy(runs), setting.data.test.count));
  fmt::print("wrote {}\n", folder.string());
}

void print_start(const Options& options, const Schedule& schedule, const Setting& setting) {
  if (options.quiet || options.json) return;
  fmt::print("{}: {} layers updated, {} training and {} test samples of {} ({}), {} arithmetic\n",
             setting.network.graph.file_name, schedule.update.size(), grouped_text(setting.data.train.count),
             grouped_text(setting.data.test.count), setting.data.about.name, setting.data.about.format,
             schedule.arithmetic);
  if (options.verbose)
    for (const std::string& warning : setting.network.warnings) fmt::print("warning: {}\n", warning);
  fmt::print("activations before layer {} of {} computed once, in {}\n", setting.train_cache.layer,
             setting.network.layers.size(), duration_text(setting.prepare_seconds));
}

std::string seed_folder(uint32_t seed) {
  return fmt::format("seed-{}", seed);
}

int train_command(const Options& options) {
  remember_interrupts();
  const fs::path folder = options.output.empty() ? fs::path("runs/train") : options.output;
  try {
    const Schedule schedule = chosen_schedule(options);
    if (options.batch > 1 && schedule.arithmetic != "float")
      throw CLI::ValidationError("--batch needs --arithmetic float: the device trains one sample at a time");
    if (options.replay.samples > 0 && schedule.arithmetic == "float")
      throw CLI::ValidationError("--replay needs --arithmetic int8: it is what a device does");
    if (options.replay.samples > 0 && compares_output(schedule.task))
      throw CLI::ValidationError(fmt::format(
          "--replay needs --task classify, not {}: it keeps as many samples of each class as it can",
          task_name(schedule.task)));
    const RunLock lock(folder);
    check_run_files(folder);
    if (options.seeds > 1)
      for (int32_t i = 0; i < options.seeds; ++i)
        check_run_files(folder / seed_folder(schedule.training.seed + static_cast<uint32_t>(i)));
    const Setting setting = prepare(options, schedule);
    print_start(options, schedule, setting);
    const std::vector<SeedRun> runs = train_seeds(options, schedule, setting);
    for (const SeedRun& run : runs)
      write_seed(setting, run, runs.size() == 1 ? folder : folder / seed_folder(run.schedule.training.seed));
    const Json json = run_json(train_record(options, schedule, setting, runs));
    write_json_file(folder / "run.json", json);
    if (options.json)
      print_document(json);
    else
      print_result(setting, runs, folder);
    return kDone;
  } catch (const Error&) {
    if (!interrupted()) throw;
  }
  print_remark("thaw: interrupted; the same command starts the run again and gives the same result\n");
  return 128 + interrupted_by();
}

}  // namespace

Command add_train(CLI::App& root) {
  auto options = std::make_shared<Options>();
  CLI::App* app = root.add_subcommand("train", "Train with a schedule, bit for bit as the device would");
  app->add_option("MODEL", options->model, "TFLite file, int8")->required();
  app->add_option("DATA", options->data, kDataText)->required();
  app->add_option("--schedule", options->schedule, "What is updated, and how it is trained")
      ->required()
      ->type_name("FILE");
  add_sample_limit(*app, options->samples);
  add_data_options(*app, options->read);
  app->add_option("--batch", options->batch,
                  "Samples an update, with --arithmetic float (the device trains on one)")
      ->check(from_to(1, 4096))
      ->capture_default_str();
  add_replay(*app, options->replay);
  add_common_options(
      *app, *options,
      {Flag::output, Flag::seed, Flag::seeds, Flag::epochs, Flag::learning_rate, Flag::task, Flag::classes,
       Flag::arithmetic, Flag::input, Flag::jobs, Flag::json, Flag::quiet, Flag::verbose});
  app->footer(
      "Examples:\n"
      "  thaw train configs/models/reference.tflite /usr/share/datasets/fashion-mnist "
      "--schedule configs/schedules/reference/last-blocks.json --epochs 1 --samples 5000\n"
      "  thaw train configs/models/reference.tflite /usr/share/datasets/fashion-mnist "
      "--schedule configs/schedules/reference/last-layer.json --samples 4000 --seeds 2 -o runs/last-layer");
  return {app, [options] { return train_command(*options); }};
}

}  // namespace thaw::cli
