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
#include "search/local_trainer.h"
#include "search/mpi/rank_trainer.h"
#include "search/run_digest.h"
#include "search/run_directory.h"
#include "search/run_lock.h"
#include "search/search.h"
#include "search/starting_schedule.h"
#include "search/store.h"
#include "search/training_evaluator.h"
#include "sim/base/error.h"
#include "sim/base/json.h"
#include "sim/base/printable.h"
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
#include "tools/thaw/search_network.h"
#include "tools/thaw/search_print.h"
#include "tools/thaw/search_time.h"
#include "tools/thaw/search_watch.h"
#include "tools/thaw/search_words.h"
#include "tools/thaw/table.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {
namespace {

namespace fs = std::filesystem;

struct Options : CommonOptions {
  std::string model, data;
  std::string board = "cortex-m7-256k";
  std::string strategy = strategies().front().name;
  std::string classifier = "auto";
  std::string store;  // a file; empty: in the run directory
  double validation = 0.2;
  int64_t samples = 0;  // of each split; 0: all
  bool flip = false, no_flip = false, dry_run = false;
  std::string goal = "accuracy";
  std::vector<std::string> pinned, forbidden;  // layers
  bool explain = false;
  std::string effort = "normal";
  DataOptions read;

  NetworkChoice network() const { return {task_or(Task::classify), classifier, classes}; }
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

SearchProblem problem_of(const Options& options, const Network& network, const ModelData& data,
                         const Ranks& ranks) {
  SearchProblem problem;
  problem.network = &network;
  problem.train = &data.train;
  problem.test = &data.test;
  problem.board = board_option(options.board, options.ram, options.flash, options.instructions);
  problem.input_by = options.input_by(InputBy::image);
  problem.jobs = ranks.count() > 1 && options.jobs == 0 ? 1 : job_count(options);  // ranks are the jobs
  problem.data_sha256 = data.about.sha256;
  problem.version = THAW_VERSION;
  problem.mirror = mirrors(options, data.about);
  problem.folds = validation_folds(data.train.labels, fold_count(options.validation, data.train.count),
                                   options.seed.value_or(1));
  return problem;
}

SearchOptions search_options(const Options& options, const SearchProblem& problem) {
  SearchOptions result;
  result.strategy = options.strategy;
  result.recipe.flip = problem.mirror;
  result.recipe.fresh_classifier = problem.network->classifier.fresh;
  result.learning_rate = options.learning_rate;
  result.epochs = options.epochs.value_or(result.epochs);
  result.threshold_points = options.threshold;
  result.seed = options.seed.value_or(1);
  result.seeds = options.seeds;
  result.goal = options.goal == "bytes" ? Goal::bytes : Goal::accuracy;
  result.effort = effort_named(options.effort);
  search_space(*problem.network, options.pinned,
               options.forbidden);  // refuses unknown layers before any work
  result.pinned = options.pinned;
  result.forbidden = options.forbidden;
  return result;
}

fs::path output_folder(const Options& options, const ModelData& data) {
  if (!options.output.empty()) return options.output;
  return fs::path("runs") / (fs::path(options.model).stem().string() + "-" + data.about.name);
}

ModelData read_data(const Options& options, const Graph& graph) {
  ModelData data = read_search_data(options.data, graph, options.network(), options.read);
  keep_samples(data.train, options.samples);
  keep_samples(data.test, options.samples);
  if (data.test.count == 0)
    throw Error(options.data, "there are no test samples", "The table at the end needs a test split");
  return data;
}

RunFile search_record(const Options& options, const Graph& graph, const ModelData& data,
                      const SearchProblem& problem, size_t trials, const std::vector<std::string>& next,
                      double seconds) {
  RunFile run = run_record(graph, data);
  SearchFacts& facts = run.search.emplace();
  facts.task = problem.network->task;
  facts.strategy = options.strategy;
  facts.board = problem.board.name;
  facts.train_samples = std::ssize(problem.folds.front().train);
  facts.validation_samples = std::ssize(problem.folds.front().validation);
  facts.mirror = problem.mirror;
  facts.task = problem.network->task;
  facts.fresh_classifier = problem.network->classifier.fresh;
  facts.trials = static_cast<int64_t>(trials);
  facts.jobs = problem.jobs;
  for (const std::string& command : next) facts.next.push_back(printable(command));
  facts.seconds = seconds;
  return run;
}

std::string data_words(const Options& options) {
  return options.samples > 0 ? fmt::format(" --samples {}", options.samples) : "";
}

Answer answer_words(const Options& options, const SearchResult& result, const fs::path& folder) {
  return {options.model,   options.data,        options.board,
          folder.string(), data_words(options), result.schedule.promise->seeds};
}

/// The answer as tables, and the command that measures it again.
void print_result(const Options& options, const SearchResult& result, const SearchProblem& problem,
                  const fs::path& folder) {
  const std::string file = (folder / "schedule.json").string();
  if (options.explain) print_reasons(result);
  print_search(result, problem, file);
  fmt::print("\n");
  for (const std::string& line : next_commands(answer_words(options, result, folder)))
    fmt::print("{}\n", line);
}

/// Nothing where the user stopped it.
std::optional<SearchResult> found_unless_interrupted(Evaluator& evaluator, const SearchOptions& searching,
                                                     Watch& watch) {
  try {
    return search(evaluator, searching, [&](const std::string& line) { watch.log(line); });
  } catch (const Error&) {
    if (!interrupted()) throw;
    return std::nullopt;
  }
}

/// Returns the exit status.
int say_interrupted(const TrialRecord& record, const fs::path& folder) {
  print_remark("thaw: interrupted after {} evaluations; the same command goes on from there ({})\n",
               record.evaluations().size(), folder.string());
  return 128 + interrupted_by();
}

/// This process, or the other ranks where there are any.
class Trainers {
 public:
  Trainers(Ranks& ranks, const SearchProblem& problem, const std::string& digest) : local_(problem) {
    if (ranks.count() > 1) ranks_.emplace(ranks, RankTask{digest, problem.network->classifier.fresh});
  }
  RunTrainer& get() { return ranks_ ? static_cast<RunTrainer&>(*ranks_) : local_; }
  void finish() {
    if (ranks_) ranks_->finish();
  }

 private:
  LocalTrainer local_;
  std::optional<RankTrainer> ranks_;
};

/// What every rank but 0 does.
int follow(const Options& options, Ranks& ranks) {
  remember_interrupts();
  try {
    const RankTask task = receive_task(ranks, interrupted);
    const Graph graph = read_tflite(options.model);
    const ModelData data = read_data(options, graph);
    const Network network = search_network(options.network(), graph, data, task.fresh_classifier);
    const SearchProblem problem = problem_of(options, network, data, ranks);
    LocalTrainer trainer(problem);
    serve(ranks, run_digest(problem, search_options(options, problem).start_recipe()), trainer, interrupted);
    return kDone;
  } catch (const Error&) {
    if (!interrupted()) throw;
    return 128 + interrupted_by();  // rank 0 says what there is to say
  }
}

int lead(const Options& options, Ranks& ranks) {
  const Moment start = std::chrono::steady_clock::now();
  const bool quiet = options.quiet || options.json;
  const Graph graph = read_tflite(options.model);
  const ModelData data = read_data(options, graph);
  const NetworkChoice choice = options.network();
  remember_interrupts();
  const std::optional<ShippedModel> shipped =
      shipped_model(choice, graph, data, options.data, job_count(options), [] { return interrupted(); });
  const Network network = search_network(choice, graph, data, starts_anew(choice, graph, data, shipped));
  const SearchProblem problem = problem_of(options, network, data, ranks);
  SearchOptions searching = search_options(options, problem);
  if (shipped) searching.shipped_predictions = shipped->test_predictions;
  require_classifier_fits(problem, searching.recipe);
  const fs::path folder = output_folder(options, data);
  const int32_t at_once = std::max(problem.jobs, ranks.count() - 1);
  const auto say = [&] {
    print_before(search_header(problem, searching, data), data.about,
                 search_remarks(problem, shipped, options.threshold), quiet);
  };
  if (options.dry_run) {
    say();
    return end_dry_run(problem, searching, at_once, quiet);
  }
  const std::string digest = run_digest(problem, searching.start_recipe());
  const RunLock lock(folder);
  check_run_files(folder);
  TrialRecord record(folder / "trials.jsonl", digest);
  Store store(options.store.empty() ? folder / "trials.sqlite" : fs::path(options.store));
  if (!quiet) print_what_is_known(record, store);
  say();

  Trainers trainers(ranks, problem, digest);
  TrainingEvaluator evaluator(problem, record, store, trainers.get());
  evaluator.cancelled = [] { return interrupted(); };
  Watch watch{start, quiet, quiet ? 1.0 : say_expected_time(evaluator, searching, at_once), at_once};
  watch.follow(evaluator);
  std::optional<SearchResult> found = found_unless_interrupted(evaluator, searching, watch);
  watch.progress.clear();
  if (!found) return say_interrupted(record, folder);
  SearchResult& result = *found;
  if (!quiet)
    print_work(evaluator, record.evaluations().size(), trainers.get().bytes_moved(), seconds_since(start));
  result.schedule.provenance = Provenance{THAW_VERSION, options.strategy, digest, options.threshold};
  write_run_directory(folder, evaluator, record.evaluations(), result, searching);
  const Json about =
      run_json(search_record(options, graph, data, problem, record.evaluations().size(),
                             next_commands(answer_words(options, result, folder)), seconds_since(start)));
  write_json_file(folder / "run.json", about);
  record.finish();
  trainers.finish();
  if (options.json)
    print_document(search_document(result, folder, about));
  else
    print_result(options, result, problem, folder);
  return kDone;
}

int run(const Options& options) {
  Ranks ranks;
  const int status = ranks.rank() == 0 ? lead(options, ranks) : follow(options, ranks);
  if (status == kDone) ranks.finish();  // else the launcher sees to the others
  return status;
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

/// What a search does where the flags that it shares with other commands are not given.
void show_defaults(CLI::App& app) {
  const SearchOptions defaults;
  app.get_option("--seed")->default_str(std::to_string(defaults.seed));
  app.get_option("--epochs")->default_str(std::to_string(defaults.epochs));
  app.get_option("--task")->default_str("classify");
  app.get_option("--lr")->default_str("searched");
  app.get_option("--classes")->default_str("the data's");
  app.get_option("--output")->default_str("runs/MODEL-DATA");
}

/// What is searched for, how, and how thoroughly.
void add_choices(CLI::App& app, Options& options) {
  app.add_option("--strategy", options.strategy, strategy_help())
      ->check(CLI::IsMember(strategy_names()))
      ->capture_default_str();
  app.add_option(
         "--goal", options.goal,
         "accuracy: the most accurate schedule that fits; bytes: the smallest within --threshold of it")
      ->check(CLI::IsMember({"accuracy", "bytes"}))
      ->capture_default_str();
  app.add_option("--effort", options.effort,
                 "Looks, folds and seeds: quick, normal or thorough; --seeds is 1, 3 or 5 by it")
      ->check(CLI::IsMember({"quick", "normal", "thorough"}))
      ->capture_default_str();
  app.add_option("--pin", options.pinned, "Layer whose weights are always updated; may be repeated")
      ->type_name("LAYER")
      ->allow_extra_args(false);
  app.add_option("--forbid", options.forbidden, "Layer whose weights are never updated; may be repeated")
      ->type_name("LAYER")
      ->allow_extra_args(false);
  app.add_flag("--explain", options.explain,
               "Print what each layer adds, with its interval, what it needs, and whether it was chosen");
}

}  // namespace

Command add_search(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "search", "Find what to update: the most accurate schedule that the board can hold");
  auto options = std::make_shared<Options>();
  options->seeds = 3;
  app->add_option("MODEL", options->model, "TFLite model, int8")->required();
  app->add_option("DATA", options->data, kDataText)->required();
  app->add_option("--board", options->board, "Board: a name in configs/boards or a file")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  app->add_option("--validation", options->validation,
                  "Share of the training samples in each validation part that decisions are taken on")
      ->check(from_to(0.01, 0.5))
      ->capture_default_str();
  add_choices(*app, *options);
  add_sample_limit(*app, options->samples);
  add_data_options(*app, options->read);
  app->add_option(
         "--store", options->store,
         "SQLite file of all training runs, which several searches may share (default: trials.sqlite "
         "in the run directory)")
      ->type_name("FILE");
  app->add_option(
         "--classifier", options->classifier,
         "keep: train on from the model's own; fresh: start anew; auto: keep where it knows the classes")
      ->check(CLI::IsMember({"auto", "keep", "fresh"}))
      ->capture_default_str();
  CLI::Option* flip = app->add_flag("--flip", options->flip,
                                    "Mirror training images (default: image folders and CIFAR only)");
  app->add_flag("--no-flip", options->no_flip, "Do not mirror training images")->excludes(flip);
  app->add_flag("--dry-run", options->dry_run,
                "Say what would be done and how long it takes, and write nothing");
  add_common_options(*app, *options,
                     {Flag::json, Flag::quiet, Flag::seed, Flag::seeds, Flag::jobs, Flag::task, Flag::classes,
                      Flag::input, Flag::epochs, Flag::learning_rate, Flag::ram, Flag::flash,
                      Flag::instructions, Flag::threshold, Flag::output});
  show_defaults(*app);
  app->footer(
      "Examples:\n"
      "  thaw search configs/models/reference.tflite /usr/share/datasets/fashion-mnist --samples 300 "
      "--epochs 1 --effort quick --explain\n"
      "  thaw search configs/models/reference.tflite /usr/share/datasets/fashion-mnist --board "
      "cortex-m4-192k --samples 300 --epochs 1 --effort quick --goal bytes --threshold 2 --forbid conv0 -o "
      "runs/fashion");
  return {app, [app, options] {
            if (app->count("--seeds") == 0) options->seeds = effort_named(options->effort).seeds;
            return run(*options);
          }};
}

}  // namespace thaw::cli
