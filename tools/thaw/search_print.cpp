#include "tools/thaw/search_print.h"

#include <fmt/format.h>

#include <cmath>

#include "search/files/measured.h"
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
  const MetricKind metric = trace.steps.front().evaluation.metric();
  fmt::print("\nwhat was tried in which order ({} on validation{})\n", metric_name(metric),
             metric == MetricKind::accuracy ? ", %" : "");
  Table table({">step", "tried", std::string(">") + metric_name(metric), ">RAM bytes", ">saved", ">MACs/step",
               ">instructions/step", ""});
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

std::string interval_text(MetricKind metric, double low, double high) {
  return metric_text(metric, low, false) + " to " + metric_text(metric, high, false);
}

std::string remark(const ComparisonRow& row, bool is_first) {
  if (row.evaluation.over_budget) return "does not fit";
  if (row.surely_better()) return "better than the chosen one";
  return row.is_chosen && !is_first ? "is the chosen one" : "";
}

void print_comparison(const SearchResult& result, const SearchProblem& problem) {
  const int64_t count = problem.test->count;
  const MetricKind metric = result.comparison.front().evaluation.metric();
  const MetricKind decided = result.trace.steps.front().evaluation.metric();
  fmt::print("\non the {} test samples, read once ({}{}, mean of seeds)\n", grouped_text(count),
             metric_name(metric), metric == MetricKind::accuracy ? " in %" : "");
  if (decided != metric) fmt::print("validation: {}, lower is better\n", metric_name(decided));
  Table table({"schedule", std::string(">") + metric_name(metric), ">95 % interval", ">validation", ">seeds",
               ">RAM bytes", ">flash bytes", ">MACs/step", ">instructions/step", ">rate", ""});
  for (size_t i = 0; i < result.comparison.size(); ++i) {
    const ComparisonRow& row = result.comparison[i];
    const Evaluation& e = row.evaluation;
    table.add({row.name, percent(e), interval_text(metric, row.low, row.high),
               row.on_validation ? percent(*row.on_validation) : "", std::to_string(e.seeds.size()),
               grouped_text(e.ram_bytes), grouped_text(e.flash_bytes), grouped_text(e.macs_per_step),
               instructions_text(e), fmt::format("{:.3g}", e.request.schedule.training.learning_rate),
               remark(row, i == 0)});
  }
  if (const auto& shipped = result.as_it_is)
    table.add({"as it is", metric_text(metric, shipped->value, false),
               interval_text(metric, shipped->low, shipped->high), "", "", grouped_text(shipped->ram_bytes),
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

/// "mean absolute error "; accuracy needs no word.
std::string metric_words(MetricKind metric) {
  return metric == MetricKind::accuracy ? "" : std::string(metric_name(metric)) + " ";
}

void print_answer(const SearchResult& result, const SearchProblem& problem, const std::string& file) {
  const Promise& p = *result.schedule.promise;
  fmt::print("\n{}: {}{} ({}), RAM {}, flash {}, {} MACs a training step, fits {}\n", file,
             metric_words(p.metric), metric_text(p.metric, p.mean), interval_text(p.metric, p.low, p.high),
             kib(p.ram_bytes), kib(p.flash_bytes), grouped_text(p.macs_per_step), problem.board.name);
}

/// Null where it diverged and has no value.
Json value_json(const Evaluation& evaluation) {
  return std::isfinite(evaluation.value()) ? Json(evaluation.value()) : Json();
}

Json against_chosen(const PairedDifference& difference, bool surely_better) {
  return {{"difference", difference.mean},
          {"low", difference.low()},
          {"high", difference.high()},
          {"surely_better", surely_better}};
}

}  // namespace

std::string percent(const Evaluation& e) {
  return e.diverged() ? "diverged" : metric_text(e.metric(), e.value(), false);
}

std::vector<std::string> search_remarks(const SearchProblem& problem,
                                        const std::optional<ShippedModel>& shipped, double threshold) {
  std::vector<std::string> lines;
  lines.push_back(problem.mirror ? "training images are mirrored at random (--no-flip: they are not)"
                                 : "training samples are not mirrored (--flip: for photographs)");
  if (compares_output(problem.network->task)) return lines;
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
                    {value_key(row.evaluation.metric()), value_json(row.evaluation)},
                    {std::string("validation_") + value_key(row.evaluation.metric()),
                     row.on_validation ? value_json(*row.on_validation) : Json()},
                    {"diverged", row.evaluation.diverged()},
                    {"fits", !row.evaluation.over_budget},
                    {"is_chosen", row.is_chosen},
                    {"against_chosen", against_chosen(row.against_chosen, row.surely_better())},
                    {"ram_bytes", row.evaluation.ram_bytes}});
  if (const auto& shipped = result.as_it_is)
    rows.push_back({{"name", "as it is"},
                    {value_key(shipped->metric), shipped->value},
                    {"against_chosen", against_chosen(shipped->against_chosen, shipped->surely_better())},
                    {"ram_bytes", shipped->ram_bytes}});
  Json document = record;
  document["folder"] = folder.string();
  document["promise"] = {
      {value_key(p.metric), p.mean}, {"ram_bytes", p.ram_bytes}, {"flash_bytes", p.flash_bytes}};
  document["stop_reason"] = result.trace.stop_reason;
  document["choice"] = result.choice.reason;
  document["gained"] = result.choice.gained;
  document["warnings"] = better_than_chosen(result);
  document["comparison"] = rows;
  return document;
}

}  // namespace thaw::cli
