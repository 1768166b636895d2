// `thaw search MODEL DATA`: the main job. Finds what to update, writes a run directory with all evidence.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "search/interval.h"
#include "search/run_directory.h"
#include "search/search.h"
#include "sim/data/random.h"
#include "sim/data/split_validation.h"
#include "sim/graph/error.h"
#include "sim/graph/json.h"
#include "sim/graph/sha256.h"
#include "sim/graph/tflite_reader.h"
#include "tools/thaw/board_option.h"
#include "tools/thaw/command.h"
#include "tools/thaw/common_options.h"
#include "tools/thaw/interrupt.h"
#include "tools/thaw/json_output.h"
#include "tools/thaw/model_data.h"
#include "tools/thaw/progress.h"
#include "tools/thaw/run_record.h"
#include "tools/thaw/table.h"

namespace thaw::cli {
namespace {

namespace fs = std::filesystem;

struct Options : CommonOptions {
  std::string model, data;
  std::string board = "cortex-m7-256k";
  std::string strategy = "freeze";
  double validation = 0.2;
  int64_t samples = 0;  // 0: all
  bool no_flip = false;
};

/// Places of `count` samples, the same share of every class, in an order without pattern: a look trains on
/// the first of them.
std::vector<uint32_t> mixed(const std::vector<int64_t>& ids, uint32_t seed) {
  std::vector<uint32_t> result;
  for (uint32_t place : shuffle(seed, 0, static_cast<uint32_t>(ids.size())))
    result.push_back(static_cast<uint32_t>(ids[place]));
  return result;
}

Split labels_only(const std::vector<int32_t>& labels) {
  Split split;
  split.count = static_cast<int64_t>(labels.size());
  split.labels = labels;
  return split;
}

/// Keeps `count` of the samples, the same share of every class, in their order.
void keep_some(Samples& samples, int64_t count) {
  if (count <= 0 || count >= samples.count) return;
  const double share = static_cast<double>(count) / static_cast<double>(samples.count);
  const std::vector<int64_t> ids = split_validation(labels_only(samples.labels), share, 0).validation_ids;
  Samples kept = {static_cast<int64_t>(ids.size()), samples.height, samples.width, samples.channels, {}, {}};
  for (int64_t id : ids) {
    const auto first = samples.images.begin() + id * samples.sample_bytes();
    kept.images.insert(kept.images.end(), first, first + samples.sample_bytes());
    kept.labels.push_back(samples.labels[static_cast<size_t>(id)]);
  }
  samples = std::move(kept);
}

SearchProblem problem_of(const Options& options, const Network& network, const ModelData& data) {
  SearchProblem problem;
  problem.network = &network;
  problem.train = &data.train;
  problem.test = &data.test;
  problem.board = board_option(options.board, options.ram, options.flash);
  problem.jobs = job_count(options);
  const uint32_t seed = options.seed.value_or(1);
  const ValidationSplit split = split_validation(labels_only(data.train.labels), options.validation, seed);
  problem.train_ids = mixed(split.train_ids, seed);
  problem.validation_ids = mixed(split.validation_ids, seed);
  return problem;
}

SearchOptions search_options(const Options& options) {
  SearchOptions result;
  result.recipe.flip = !options.no_flip;
  result.recipe.fresh_classifier = true;  // as the network that is searched on
  result.learning_rate = options.learning_rate;
  result.epochs = options.epochs.value_or(result.epochs);
  result.threshold_points = options.threshold;
  result.seed = options.seed.value_or(1);
  result.seeds = options.seeds;
  return result;
}

/// Everything that the numbers of a trial depend on, beside the request itself.
std::string run_digest(const Options& options, const SearchProblem& problem, const ModelData& data,
                       const Network& network) {
  const Board& board = problem.board;
  const std::string text =
      fmt::format("{} {} {} {} {} {} {} {} {} {} {}", THAW_VERSION, network.graph.sha256,
                  network.classifier.classes, data.about.sha256, data.train.count, data.test.count, board.cpu,
                  board.ram_bytes, board.flash_bytes, options.validation, options.seed.value_or(1));
  return sha256_hex(std::as_bytes(std::span(text)));
}

std::string kib(int64_t bytes) {
  return fmt::format("{} B ({:.1f} KiB)", grouped(bytes), static_cast<double>(bytes) / 1024);
}

std::string percent(const Evaluation& e) {
  return e.diverged() ? "diverged" : fmt::format("{:.2f}", 100 * e.accuracy());
}

/// The best schedule measured on validation that fits; one trained in full counts for more than any look.
struct BestSoFar {
  bool full = false;
  double accuracy = -1.0;
  std::string text = "nothing fits yet";

  void hear(const Evaluation& e) {
    const bool is_full = e.request.fidelity.name == "full";
    if (e.over_budget || e.diverged() || e.request.measured_on != MeasuredOn::validation ||
        (full && !is_full) || (full == is_full && e.accuracy() <= accuracy))
      return;
    full = is_full;
    accuracy = e.accuracy();
    text =
        fmt::format("best so far {} % in {} B{}", percent(e), grouped(e.ram_bytes), full ? "" : " (a look)");
  }
};

void print_curve(const FreezeResult& freeze) {
  fmt::print("\nwhat was frozen in which order (accuracy on validation, %)\n");
  Table table({">step", "frozen", ">accuracy", ">RAM bytes", ">saved", ">MACs/step", ""});
  for (size_t i = 0; i < freeze.curve.size(); ++i) {
    const Evaluation& e = freeze.curve[i].evaluation;
    const int64_t saved = i == 0 ? 0 : freeze.curve[i - 1].evaluation.ram_bytes - e.ram_bytes;
    table.add({std::to_string(i), freeze.curve[i].frozen, percent(e), grouped(e.ram_bytes), grouped(saved),
               grouped(e.macs_per_step),
               i == freeze.chosen      ? "<- chosen"
               : freeze.curve[i].holds ? ""
                                       : "below the threshold"});
  }
  table.print(stdout);
  fmt::print("stopped: {}\n", freeze.stop_reason);
}

void print_comparison(const SearchResult& result, const SearchProblem& problem) {
  fmt::print("\non the {} test samples, read once (accuracy in %, mean of seeds)\n",
             grouped(problem.test->count));
  Table table({"schedule", ">accuracy", ">95 % interval", ">seeds", ">RAM bytes", ">flash bytes",
               ">MACs/step", ">rate", ""});
  for (const ComparisonRow& row : result.comparison) {
    const Evaluation& e = row.evaluation;
    const AccuracyInterval interval = wilson_interval(e.accuracy(), problem.test->count);
    table.add({row.name, percent(e), fmt::format("{:.2f} to {:.2f}", 100 * interval.low, 100 * interval.high),
               std::to_string(e.seeds.size()), grouped(e.ram_bytes), grouped(e.flash_bytes),
               grouped(e.macs_per_step), fmt::format("{:.3g}", e.request.schedule.training.learning_rate),
               e.over_budget ? "does not fit" : ""});
  }
  table.print(stdout);
}

void print_answer(const SearchResult& result, const SearchProblem& problem, const fs::path& folder) {
  const Promise& p = *result.schedule.promise;
  fmt::print("\n{}: {:.2f} % ({:.2f} to {:.2f}), RAM {}, flash {}, {} MACs a training step, fits {}\n",
             (folder / "schedule.json").string(), 100 * p.accuracy_mean, 100 * p.accuracy_low,
             100 * p.accuracy_high, kib(p.ram_bytes), kib(p.flash_bytes), grouped(p.macs_per_step),
             problem.board.name);
}

Json result_document(const SearchResult& result, const fs::path& folder, const Json& record) {
  const Promise& p = *result.schedule.promise;
  Json rows = Json::array();
  for (const ComparisonRow& row : result.comparison)
    rows.push_back({{"name", row.name},
                    {"accuracy", row.evaluation.accuracy()},
                    {"diverged", row.evaluation.diverged()},
                    {"ram_bytes", row.evaluation.ram_bytes}});
  Json document = record;
  document["folder"] = folder.string();
  document["promise"] = {
      {"accuracy", p.accuracy_mean}, {"ram_bytes", p.ram_bytes}, {"flash_bytes", p.flash_bytes}};
  document["stop_reason"] = result.freeze.stop_reason;
  document["comparison"] = rows;
  return document;
}

fs::path output_folder(const Options& options, const ModelData& data) {
  if (!options.output.empty()) return options.output;
  return fs::path("runs") / (fs::path(options.model).stem().string() + "-" + data.about.name);
}

int run(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  const bool quiet = options.quiet || options.json;
  const Graph graph = read_tflite(options.model);
  ModelData data = read_model_data(options.data, graph, int8_input(graph));
  keep_some(data.train, options.samples);
  keep_some(data.test, options.samples);
  if (data.test.count == 0)
    throw Error(options.data, "there are no test samples", "The table at the end needs a test split");
  const NetworkOptions network_options = {
      options.classes.value_or(static_cast<int32_t>(data.about.class_names.size())), true, true};
  const Network network = reduce(graph, network_options);
  const SearchProblem problem = problem_of(options, network, data);
  const fs::path folder = output_folder(options, data);
  fs::create_directories(folder);
  const std::string digest = run_digest(options, problem, data, network);
  TrialRecord record(folder / "trials.jsonl", digest);
  if (record.resumed() > 0 && !quiet)
    fmt::print(stderr, "resuming: {} evaluations of an earlier run are reused\n", record.resumed());

  remember_interrupts();
  Evaluator evaluator(problem, record);
  evaluator.cancelled = [] { return interrupted(); };
  BestSoFar best;
  Progress progress("evaluations", quiet);
  evaluator.progress = [&](const Evaluation& e, size_t done, size_t total) {
    best.hear(e);
    progress.update(static_cast<int64_t>(done), static_cast<int64_t>(total),
                    fmt::format("{} {} % | {}", e.request.role, percent(e), best.text));
    if (done == total) progress.restart();
  };
  const SearchLog log = [&](const std::string& line) {
    if (quiet) return;
    progress.clear();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    fmt::print(stderr, "[{}] {}\n", duration_text(seconds), line);
    progress.restart();
  };
  const SearchOptions searching = search_options(options);
  SearchResult result;
  try {
    result = search_by_freezing(evaluator, searching, log);
  } catch (const Error&) {
    if (!interrupted()) throw;
    progress.clear();
    fmt::print(stderr, "thaw: interrupted after {} evaluations; the same command goes on from there ({})\n",
               record.evaluations().size(), (folder / "trials.jsonl").string());
    return 128 + interrupted_by();
  }
  progress.clear();
  result.schedule.provenance = Provenance{THAW_VERSION, "freeze", digest, options.threshold};
  write_run_directory(folder, evaluator, record.evaluations(), result, searching);
  Json about = run_record(graph, data);
  about["kind"] = "search";
  about["strategy"] = options.strategy;
  about["board"] = problem.board.name;
  about["train_samples"] = problem.train_ids.size();
  about["validation_samples"] = problem.validation_ids.size();
  about["trials"] = record.evaluations().size();
  about["jobs"] = problem.jobs;
  about["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_json_file(folder / "run.json", about);
  record.finish();
  if (options.json) {
    print_document(result_document(result, folder, about));
    return kDone;
  }
  print_curve(result.freeze);
  print_comparison(result, problem);
  print_answer(result, problem, folder);
  return kDone;
}

}  // namespace

Command add_search(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("search", "Find what to update: freeze tensors while accuracy and budget hold");
  auto options = std::make_shared<Options>();
  options->seeds = 3;
  app->add_option("MODEL", options->model, "TFLite model, int8")->required();
  app->add_option("DATA", options->data, "Data of the new situation: CIFAR binary, IDX, image folder or .npz")
      ->required();
  app->add_option("--board", options->board, "Board: a name in configs/boards or a file")
      ->capture_default_str();
  app->add_option("--strategy", options->strategy, "How to search")
      ->check(CLI::IsMember({"freeze"}))
      ->capture_default_str();
  app->add_option("--validation", options->validation,
                  "Share of the training samples that decisions are taken on")
      ->check(CLI::Range(0.01, 0.9))
      ->capture_default_str();
  app->add_option("--samples", options->samples, "Use at most this many samples of each split (0: all)")
      ->check(CLI::NonNegativeNumber);
  app->add_flag("--no-flip", options->no_flip, "Do not mirror training images");
  add_common_options(
      *app, *options,
      {Flag::json, Flag::quiet, Flag::seed, Flag::seeds, Flag::jobs, Flag::classes, Flag::epochs,
       Flag::learning_rate, Flag::ram, Flag::flash, Flag::threshold, Flag::output});
  app->footer(
      "Examples:\n"
      "  thaw search configs/models/reference.tflite /usr/share/datasets/fashion-mnist --samples 2000 "
      "--epochs 1 --seeds 1\n"
      "  thaw search configs/models/reference.tflite /usr/share/datasets/fashion-mnist --board "
      "cortex-m4-192k "
      "--samples 1000 --epochs 2 --threshold 2 -o runs/fashion");
  return {app, [options] { return run(*options); }};
}

}  // namespace thaw::cli
