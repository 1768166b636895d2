#include "tools/thaw/search_print.h"

#include <fmt/format.h>

#include "sim/base/grouped_text.h"
#include "sim/base/interval.h"
#include "tools/thaw/model_data.h"
#include "tools/thaw/progress.h"
#include "tools/thaw/table.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {
namespace {

std::string classifier_words(bool fresh, const std::optional<ShippedModel>& shipped) {
  const std::string start = fresh ? "the classifier starts anew" : "the model's own classifier goes on";
  if (!shipped) return start + ": the data have other classes than the model";
  return fmt::format("{}: as shipped the model gets {:.1f} % of training samples right ({})", start,
                     100 * shipped->train_accuracy,
                     shipped->knows_classes ? "the classes are its own; --classifier fresh: anew"
                                            : "the classes seem to be others; --classifier keep: go on");
}

std::string kib(int64_t bytes) {
  return fmt::format("{} B ({:.1f} KiB)", grouped_text(bytes), static_cast<double>(bytes) / 1024);
}

/// As predicted for the board.
std::string instructions_text(const Evaluation& e) {
  return e.instructions_per_step > 0 ? grouped_text(e.instructions_per_step) : "not known";
}

void print_curve(const SearchResult& result) {
  const Trace& trace = result.trace;
  fmt::print("\nwhat was tried in which order (accuracy on validation, %)\n");
  Table table(
      {">step", "tried", ">accuracy", ">RAM bytes", ">saved", ">MACs/step", ">instructions/step", ""});
  for (size_t i = 0; i < trace.steps.size(); ++i) {
    const Evaluation& e = trace.steps[i].evaluation;
    const int64_t saved = i == 0 ? 0 : trace.steps[i - 1].evaluation.ram_bytes - e.ram_bytes;
    table.add({std::to_string(i), trace.steps[i].frozen, percent(e), grouped_text(e.ram_bytes),
               grouped_text(saved), grouped_text(e.macs_per_step), instructions_text(e),
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
  fmt::print("\non the {} test samples, read once (accuracy in %, mean of seeds)\n", grouped_text(count));
  Table table({"schedule", ">accuracy", ">95 % interval", ">validation", ">seeds", ">RAM bytes",
               ">flash bytes", ">MACs/step", ">instructions/step", ">rate", ""});
  for (size_t i = 0; i < result.comparison.size(); ++i) {
    const ComparisonRow& row = result.comparison[i];
    const Evaluation& e = row.evaluation;
    table.add({row.name, percent(e), interval_text(e.accuracy(), count),
               row.on_validation ? percent(*row.on_validation) : "", std::to_string(e.seeds.size()),
               grouped_text(e.ram_bytes), grouped_text(e.flash_bytes), grouped_text(e.macs_per_step),
               instructions_text(e), fmt::format("{:.3g}", e.request.schedule.training.learning_rate),
               remark(row, i == 0)});
  }
  if (const auto& shipped = result.as_it_is)
    table.add({"as it is", fmt::format("{:.2f}", 100 * shipped->accuracy),
               interval_text(shipped->accuracy, count), "", "", grouped_text(shipped->ram_bytes),
               grouped_text(shipped->flash_bytes), "", "", "",
               shipped->surely_better() ? "better than the chosen one" : "without training"});
  table.print(stdout);
}

std::string gain_text(const std::optional<Gain>& gain) {
  return gain ? fmt::format("{:+.4f} +-{:.4f}", gain->nats, kStandardErrors95 * gain->error) : "not measured";
}

/// What beats the answer on test, by name: an answer that is not the best is never silent.
void print_warnings(const SearchResult& result) {
  for (const std::string& line : better_than_chosen(result)) fmt::print("warning: {}\n", line);
}

void print_answer(const SearchResult& result, const SearchProblem& problem, const std::string& file) {
  const Promise& p = *result.schedule.promise;
  fmt::print("\n{}: {:.2f} % ({:.2f} to {:.2f}), RAM {}, flash {}, {} MACs a training step, fits {}\n", file,
             100 * p.accuracy_mean, 100 * p.accuracy_low, 100 * p.accuracy_high, kib(p.ram_bytes),
             kib(p.flash_bytes), grouped_text(p.macs_per_step), problem.board.name);
}

Json against_chosen(const PairedDifference& difference, bool surely_better) {
  return {{"difference", difference.mean},
          {"low", difference.low()},
          {"high", difference.high()},
          {"surely_better", surely_better}};
}

}  // namespace

std::string percent(const Evaluation& e) {
  return e.diverged() ? "diverged" : fmt::format("{:.2f}", 100 * e.accuracy());
}

std::vector<std::string> search_remarks(const SearchProblem& problem,
                                        const std::optional<ShippedModel>& shipped, double threshold) {
  std::vector<std::string> lines;
  lines.push_back(problem.mirror ? "training images are mirrored at random (--no-flip: they are not)"
                                 : "training samples are not mirrored (--flip: for photographs)");
  lines.push_back(classifier_words(problem.network->classifier.fresh, shipped));
  const size_t judged = problem.folds.front().validation.size();
  const double weight = 100.0 / static_cast<double>(judged);
  if (weight > threshold)
    lines.push_back(
        fmt::format("a validation part has {} samples: one of them weighs {:.2f} points, more than the "
                    "threshold of {:.2f}; "
                    "more training samples make the choice surer",
                    judged, weight, threshold));
  return lines;
}

void print_before(const std::vector<std::string>& header, const Dataset& data,
                  const std::vector<std::string>& remarks, bool quiet) {
  if (!quiet)
    for (const std::string& line : header) print_remark("{}\n", one_line(line));
  print_data_remarks(data, quiet);
  if (quiet) return;
  for (const std::string& line : remarks) print_remark("note: {}\n", one_line(line));
}

void print_work(const TrainingEvaluator& evaluator, size_t evaluations, int64_t bytes_moved, double seconds) {
  const WorkDone& work = evaluator.work();
  print_remark("work: {} evaluations, {} training runs and {} from the store, {} of training in {}",
               evaluations, work.trained, work.known, duration_text(work.seconds), duration_text(seconds));
  if (bytes_moved > 0) print_remark(", {} B between processes", grouped_text(bytes_moved));
  if (work.trained > 0)
    print_remark("; 64 processes would train for about {}",
                 duration_text(work.longest + (work.seconds - work.longest) / 64));
  print_remark("\n");
}

void print_what_is_known(const TrialRecord& record, Store& store) {
  const int64_t known = store.size();
  if (known > 0 && record.resumed() > 0)
    print_remark("resuming: {} evaluations of an earlier run are reused\n", record.resumed());
  else if (known > 0)
    print_remark("note: the store holds {} training runs; those of this search are reused\n", known);
}

void print_reasons(const SearchResult& result) {
  if (result.reasons.empty()) {
    fmt::print(
        "\nno explanation: the strategy measures no contributions (peak, knapsack and evolution do)\n");
    return;
  }
  fmt::print(
      "\nwhat each layer adds: fall of the validation loss in nats, with its 95 % interval; and what its "
      "weights "
      "need\n");
  Table table({">op", "layer", ">biases from here", ">weights", ">RAM bytes", ">MACs/step", "verdict"});
  for (const LayerReason& reason : result.reasons)
    table.add({std::to_string(reason.op), reason.layer, gain_text(reason.bias_gain), gain_text(reason.gain),
               grouped_text(reason.ram_bytes), grouped_text(reason.macs), reason.verdict});
  table.print(stdout);
}

void print_search(const SearchResult& result, const SearchProblem& problem, const std::string& file) {
  print_curve(result);
  print_comparison(result, problem);
  print_warnings(result);
  print_answer(result, problem, file);
}

Json search_document(const SearchResult& result, const std::filesystem::path& folder, const Json& record) {
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

}  // namespace thaw::cli
