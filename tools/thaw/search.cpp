// `thaw search MODEL DATA`: the main job. Finds what to update, writes a run directory with all evidence.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "search/run_digest.h"
#include "search/run_directory.h"
#include "search/run_lock.h"
#include "search/search.h"
#include "search/training_evaluator.h"
#include "sim/base/error.h"
#include "sim/base/interval.h"
#include "sim/base/json.h"
#include "sim/data/folds.h"
#include "sim/graph/tflite_reader.h"
#include "tools/thaw/board_option.h"
#include "tools/thaw/command.h"
#include "tools/thaw/common_options.h"
#include "tools/thaw/interrupt.h"
#include "tools/thaw/json_output.h"
#include "tools/thaw/model_data.h"
#include "tools/thaw/progress.h"
#include "tools/thaw/run_record.h"
#include "tools/thaw/sample_limit.h"
#include "tools/thaw/table.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {
namespace {

namespace fs = std::filesystem;

struct Options : CommonOptions {
  std::string model, data;
  std::string board = "cortex-m7-256k";
  std::string strategy = "freeze";
  std::string classifier = "auto";
  double validation = 0.2;
  int64_t samples = 0;  // of each split; 0: all
  bool flip = false, no_flip = false;
};

/// Mirroring is for photographs: on for images of things, off for everything else unless asked for.
bool mirrors(const Options& options, const Dataset& data) {
  if (options.flip || options.no_flip) return options.flip;
  return data.format == "image folder" || data.format == "cifar";
}

/// Folds of which each judges about the share --validation of the training samples.
int32_t fold_count(double share, int64_t samples) {
  const int64_t wanted = std::llround(1.0 / share);
  return static_cast<int32_t>(std::clamp<int64_t>(wanted, 2, std::max<int64_t>(2, samples / 2)));
}

SearchProblem problem_of(const Options& options, const Network& network, const ModelData& data) {
  SearchProblem problem;
  problem.network = &network;
  problem.train = &data.train;
  problem.test = &data.test;
  problem.board = board_option(options.board, options.ram, options.flash);
  problem.jobs = job_count(options);
  problem.mirror = mirrors(options, data.about);
  problem.folds = validation_folds(data.train.labels, fold_count(options.validation, data.train.count),
                                   options.seed.value_or(1));
  return problem;
}

SearchOptions search_options(const Options& options, const SearchProblem& problem) {
  SearchOptions result;
  result.recipe.flip = problem.mirror;
  result.recipe.fresh_classifier = problem.network->classifier.fresh;
  result.learning_rate = options.learning_rate;
  result.epochs = options.epochs.value_or(result.epochs);
  result.threshold_points = options.threshold;
  result.seed = options.seed.value_or(1);
  result.seeds = options.seeds;
  return result;
}

/// Whether the classifier starts anew. By itself: kept where the model knows the classes already.
bool fresh_classifier(const Options& options, const std::optional<ShippedModel>& shipped, int32_t classes) {
  if (options.classifier == "keep" && !shipped)
    throw Error(options.model, fmt::format("has no classifier of {} classes to keep", classes),
                "Leave --classifier out, or give data with the model's classes");
  if (options.classifier == "auto") return !shipped || !shipped->knows_classes;
  return options.classifier == "fresh";
}

std::string classifier_words(bool fresh, const std::optional<ShippedModel>& shipped) {
  const std::string start = fresh ? "the classifier starts anew" : "the model's own classifier goes on";
  if (!shipped) return start + ": the data have other classes than the model";
  return fmt::format("{}: as shipped the model gets {:.1f} % of training samples right ({})", start,
                     100 * shipped->train_accuracy,
                     shipped->knows_classes ? "the classes are its own; --classifier fresh: anew"
                                            : "the classes seem to be others; --classifier keep: go on");
}

/// What a reader should know of the data before numbers come: mirroring, classifier, how much one sample
/// weighs.
std::vector<std::string> remarks(const Options& options, const SearchProblem& problem,
                                 const std::optional<ShippedModel>& shipped) {
  std::vector<std::string> lines;
  lines.push_back(problem.mirror ? "training images are mirrored at random (--no-flip: they are not)"
                                 : "training samples are not mirrored (--flip: for photographs)");
  lines.push_back(classifier_words(problem.network->classifier.fresh, shipped));
  const size_t judged = problem.folds.front().validation.size();
  const double weight = 100.0 / static_cast<double>(judged);
  if (weight > options.threshold)
    lines.push_back(
        fmt::format("a validation part has {} samples: one of them weighs {:.2f} points, more than the "
                    "threshold of {:.2f}; "
                    "more training samples make the choice surer",
                    judged, weight, options.threshold));
  return lines;
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
    const bool is_full = e.request.fidelity.full();
    if (e.over_budget || e.diverged() || e.request.measured_on != MeasuredOn::validation ||
        (full && !is_full) || (full == is_full && e.accuracy() <= accuracy))
      return;
    full = is_full;
    accuracy = e.accuracy();
    text =
        fmt::format("best so far {} % in {} B{}", percent(e), grouped(e.ram_bytes), full ? "" : " (a look)");
  }
};

void print_curve(const SearchResult& result) {
  const Trace& trace = result.trace;
  fmt::print("\nwhat was frozen in which order (accuracy on validation, %)\n");
  Table table({">step", "frozen", ">accuracy", ">RAM bytes", ">saved", ">MACs/step", ""});
  for (size_t i = 0; i < trace.steps.size(); ++i) {
    const Evaluation& e = trace.steps[i].evaluation;
    const int64_t saved = i == 0 ? 0 : trace.steps[i - 1].evaluation.ram_bytes - e.ram_bytes;
    table.add({std::to_string(i), trace.steps[i].frozen, percent(e), grouped(e.ram_bytes), grouped(saved),
               grouped(e.macs_per_step),
               i == result.chosen_step() ? "<- chosen"
               : trace.steps[i].holds    ? ""
                                         : "below the threshold"});
  }
  table.print(stdout);
  fmt::print("stopped: {}\nchosen: {}\n", trace.stop_reason, result.choice.reason);
}

std::string interval_text(double accuracy, int64_t count) {
  const AccuracyInterval interval = wilson_interval(accuracy, count);
  return fmt::format("{:.2f} to {:.2f}", 100 * interval.low, 100 * interval.high);
}

std::string remark(const ComparisonRow& row, bool is_first) {
  if (row.evaluation.over_budget) return "does not fit";
  if (row.surely_better()) return "better than the chosen one";
  return row.is_chosen && !is_first ? "is the chosen one" : "";
}

void print_comparison(const SearchResult& result, const SearchProblem& problem) {
  const int64_t count = problem.test->count;
  fmt::print("\non the {} test samples, read once (accuracy in %, mean of seeds)\n", grouped(count));
  Table table({"schedule", ">accuracy", ">95 % interval", ">validation", ">seeds", ">RAM bytes",
               ">flash bytes", ">MACs/step", ">rate", ""});
  for (size_t i = 0; i < result.comparison.size(); ++i) {
    const ComparisonRow& row = result.comparison[i];
    const Evaluation& e = row.evaluation;
    table.add({row.name, percent(e), interval_text(e.accuracy(), count),
               row.on_validation ? percent(*row.on_validation) : "", std::to_string(e.seeds.size()),
               grouped(e.ram_bytes), grouped(e.flash_bytes), grouped(e.macs_per_step),
               fmt::format("{:.3g}", e.request.schedule.training.learning_rate), remark(row, i == 0)});
  }
  if (const auto& shipped = result.as_it_is)
    table.add({"as it is", fmt::format("{:.2f}", 100 * shipped->accuracy),
               interval_text(shipped->accuracy, count), "", "", grouped(shipped->ram_bytes),
               grouped(shipped->flash_bytes), "", "",
               shipped->surely_better() ? "better than the chosen one" : "without training"});
  table.print(stdout);
}

/// What beats the answer on test, by name: an answer that is not the best is never silent.
void print_warnings(const SearchResult& result) {
  for (const std::string& line : better_than_chosen(result)) fmt::print("warning: {}\n", line);
}

std::string data_words(const Options& options) {
  return options.samples > 0 ? fmt::format(" --samples {}", options.samples) : "";
}

void print_answer(const Options& options, const SearchResult& result, const SearchProblem& problem,
                  const fs::path& folder) {
  const Promise& p = *result.schedule.promise;
  const std::string file = (folder / "schedule.json").string();
  fmt::print("\n{}: {:.2f} % ({:.2f} to {:.2f}), RAM {}, flash {}, {} MACs a training step, fits {}\n", file,
             100 * p.accuracy_mean, 100 * p.accuracy_low, 100 * p.accuracy_high, kib(p.ram_bytes),
             kib(p.flash_bytes), grouped(p.macs_per_step), problem.board.name);
  fmt::print("measure it again: thaw train {} {} --schedule {}{} --seeds {}\n", options.model, options.data,
             file, data_words(options), p.seeds);
}

Json against_chosen(const PairedDifference& difference, bool surely_better) {
  return {{"difference", difference.mean},
          {"low", difference.low()},
          {"high", difference.high()},
          {"surely_better", surely_better}};
}

Json result_document(const SearchResult& result, const fs::path& folder, const Json& record) {
  const Promise& p = *result.schedule.promise;
  Json rows = Json::array();
  for (const ComparisonRow& row : result.comparison)
    rows.push_back({{"name", row.name},
                    {"accuracy", row.evaluation.accuracy()},
                    {"validation_accuracy", row.on_validation ? Json(row.on_validation->accuracy()) : Json()},
                    {"diverged", row.evaluation.diverged()},
                    {"fits", !row.evaluation.over_budget},
                    {"is_chosen", row.is_chosen},
                    {"against_chosen", against_chosen(row.against_chosen, row.surely_better())},
                    {"ram_bytes", row.evaluation.ram_bytes}});
  if (const auto& shipped = result.as_it_is)
    rows.push_back({{"name", "as it is"},
                    {"accuracy", shipped->accuracy},
                    {"against_chosen", against_chosen(shipped->against_chosen, shipped->surely_better())},
                    {"ram_bytes", shipped->ram_bytes}});
  Json document = record;
  document["folder"] = folder.string();
  document["promise"] = {
      {"accuracy", p.accuracy_mean}, {"ram_bytes", p.ram_bytes}, {"flash_bytes", p.flash_bytes}};
  document["stop_reason"] = result.trace.stop_reason;
  document["choice"] = result.choice.reason;
  document["gained"] = result.choice.gained;
  document["warnings"] = better_than_chosen(result);
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
  ModelData data = read_model_data(options.data, graph, int8_input(graph), DataUse::training);
  keep_samples(data.train, options.samples);
  keep_samples(data.test, options.samples);
  if (data.test.count == 0)
    throw Error(options.data, "there are no test samples", "The table at the end needs a test split");
  const int32_t classes = options.classes.value_or(static_cast<int32_t>(data.about.class_names.size()));
  check_classes(data.about, classes, "--classes asks for", options.data);
  remember_interrupts();
  const std::optional<ShippedModel> shipped =
      ask_shipped_model(graph, int8_input(graph), data.train, data.test, classes, job_count(options),
                        [] { return interrupted(); });
  const Network network = reduce(graph, {classes, fresh_classifier(options, shipped, classes), true});
  const SearchProblem problem = problem_of(options, network, data);
  SearchOptions searching = search_options(options, problem);
  if (shipped) searching.shipped_predictions = shipped->test_predictions;
  require_classifier_fits(problem, searching.recipe);
  const fs::path folder = output_folder(options, data);
  const std::string digest = run_digest(problem, searching.start_recipe(), data.about.sha256, THAW_VERSION);
  const RunLock lock(folder);
  check_run_files(folder);
  TrialRecord record(folder / "trials.jsonl", digest);
  if (record.resumed() > 0 && !quiet)
    print_remark("resuming: {} evaluations of an earlier run are reused\n", record.resumed());

  print_data_remarks(data.about, quiet);
  if (!quiet)
    for (const std::string& line : remarks(options, problem, shipped))
      print_remark("note: {}\n", one_line(line));
  TrainingEvaluator evaluator(problem, record);
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
    print_remark("[{}] {}\n", duration_text(seconds), line);
    progress.restart();
  };
  SearchResult result;
  try {
    result = search(evaluator, searching, log);
  } catch (const Error&) {
    if (!interrupted()) throw;
    progress.clear();
    print_remark("thaw: interrupted after {} evaluations; the same command goes on from there ({})\n",
                 record.evaluations().size(), (folder / "trials.jsonl").string());
    return 128 + interrupted_by();
  }
  progress.clear();
  result.schedule.provenance = Provenance{THAW_VERSION, options.strategy, digest, options.threshold};
  write_run_directory(folder, evaluator, record.evaluations(), result, searching);
  Json about = run_record(graph, data);
  about["kind"] = "search";
  about["strategy"] = options.strategy;
  about["board"] = problem.board.name;
  about["train_samples"] = problem.folds.front().train.size();
  about["validation_samples"] = problem.folds.front().validation.size();
  about["mirror"] = problem.mirror;
  about["classifier"] = network.classifier.fresh ? "fresh" : "kept";
  about["trials"] = record.evaluations().size();
  about["jobs"] = problem.jobs;
  about["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  write_json_file(folder / "run.json", about);
  record.finish();
  if (options.json) {
    print_document(result_document(result, folder, about));
    return kDone;
  }
  print_curve(result);
  print_comparison(result, problem);
  print_warnings(result);
  print_answer(options, result, problem, folder);
  return kDone;
}

std::vector<std::string> strategy_names() {
  std::vector<std::string> names;
  for (const Strategy& strategy : strategies()) names.push_back(strategy.name);
  return names;
}

/// "How to search; freeze: ...; another: ..."
std::string strategy_help() {
  std::string text = "How to search";
  for (const Strategy& strategy : strategies()) text += "; " + strategy.name + ": " + strategy.summary;
  return text;
}

}  // namespace

Command add_search(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("search", "Find what to update: freeze tensors while accuracy and budget hold");
  auto options = std::make_shared<Options>();
  options->seeds = 3;
  app->add_option("MODEL", options->model, "TFLite model, int8")->required();
  app->add_option("DATA", options->data, kDataText)->required();
  app->add_option("--board", options->board, "Board: a name in configs/boards or a file")
      ->capture_default_str();
  app->add_option("--strategy", options->strategy, strategy_help())
      ->check(CLI::IsMember(strategy_names()))
      ->capture_default_str();
  app->add_option("--validation", options->validation,
                  "Share of the training samples in each validation part that decisions are taken on")
      ->check(from_to(0.01, 0.5))
      ->capture_default_str();
  add_sample_limit(*app, options->samples);
  app->add_option(
         "--classifier", options->classifier,
         "keep: train on from the model's own; fresh: start anew; auto: keep where it knows the classes")
      ->check(CLI::IsMember({"auto", "keep", "fresh"}))
      ->capture_default_str();
  CLI::Option* flip = app->add_flag("--flip", options->flip,
                                    "Mirror training images (default: image folders and CIFAR only)");
  app->add_flag("--no-flip", options->no_flip, "Do not mirror training images")->excludes(flip);
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
