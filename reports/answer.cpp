#include "reports/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/class_figures.h"
#include "reports/escape.h"
#include "reports/figures.h"
#include "reports/layer_effect.h"
#include "reports/number_text.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

/// The size of a difference: "1.25 points" of accuracy, "0.0125" of another metric.
std::string difference_text(MetricKind metric, double difference) {
  return metric_text(metric, std::abs(difference), false) + (metric == MetricKind::accuracy ? " points" : "");
}

/// Against the last layer only, which is what everybody can do, and the full update, where they were
/// compared.
std::string verdict_of(const Run& run) {
  if (!run.comparison) return "";
  const std::vector<ComparedSchedule>& rows = run.comparison->rows;
  const ComparedSchedule& chosen = rows[0];
  std::string text;
  for (const char* name : {"last layer only", "full update"}) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.name == name; });
    if (row == rows.end() || row == rows.begin()) continue;
    const double change = chosen.value - row->value;
    text += text.empty() ? "" : "; ";
    if (row->outcome == TrialOutcome::diverged)
      text += fmt::format("the {} diverges", name);
    else
      text += fmt::format("{} {} the {} ({}, {:.1f} KiB of RAM)", difference_text(row->metric, change),
                          change >= 0 ? "above" : "below", name, metric_text(row->metric, row->value),
                          static_cast<double>(row->ram_bytes) / 1024.0);
  }
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text.empty() ? "" : text + ".";
}

/// A difference to the chosen schedule turned so that above 0 is better.
AgainstChosen as_gain(MetricKind metric, const AgainstChosen& against) {
  if (higher_is_better(metric)) return against;
  return {-against.mean, -against.high, -against.low, against.surely_better};
}

/// What fits and is better than the answer on the same test samples by a paired test.
std::vector<std::string> warnings_of(const Run& run) {
  std::vector<std::string> warnings;
  if (!run.comparison) return warnings;
  const MetricKind metric = run.comparison->rows[0].metric;
  const auto add = [&](const std::string& name, double value, int64_t ram, const AgainstChosen& against) {
    const AgainstChosen gain = as_gain(metric, against);
    warnings.push_back(
        fmt::format("On test, {} ({}, {:.1f} KiB of RAM) is better than the chosen schedule by {}{} "
                    "(95 % interval {} to {})",
                    clipped(name, 60), metric_text(metric, value), static_cast<double>(ram) / 1024.0,
                    metric_text(metric, gain.mean, false), metric == MetricKind::accuracy ? " points" : "",
                    metric_text(metric, gain.low, false), metric_text(metric, gain.high, false)));
  };
  for (const ComparedSchedule& row : run.comparison->rows)
    if (row.against_chosen && row.against_chosen->surely_better && row.outcome == TrialOutcome::ok)
      add(row.name, row.value, row.ram_bytes, *row.against_chosen);
  if (const auto& shipped = run.comparison->as_it_is; shipped && shipped->against_chosen.surely_better)
    add("the model as it is", shipped->value, shipped->ram_bytes, shipped->against_chosen);
  return warnings;
}

/// The most accurate of what needs no search and fits, with the paired difference to the answer.
void compare_with_best_baseline(const Run& run, Answer& answer) {
  if (!run.comparison) return;
  const ComparedSchedule* best = nullptr;
  for (size_t i = 1; i < run.comparison->rows.size(); ++i) {
    const ComparedSchedule& row = run.comparison->rows[i];
    if (row.name == "start" || row.outcome != TrialOutcome::ok ||
        row.schedule.update == run.comparison->rows[0].schedule.update)
      continue;
    const bool is_better =
        best != nullptr && (higher_is_better(row.metric) ? row.value > best->value : row.value < best->value);
    if (best == nullptr || is_better) best = &row;
  }
  if (best == nullptr) return;
  answer.best_baseline =
      fmt::format("Best without a search: {} with {} in {:.1f} KiB of RAM", clipped(best->name, 60),
                  metric_text(best->metric, best->value), static_cast<double>(best->ram_bytes) / 1024.0);
  if (!best->against_chosen) {
    answer.best_baseline += "; whether that is a real difference was not tested.";
    return;
  }
  // The baseline's accuracy less that of the answer.
  const AgainstChosen against = as_gain(best->metric, *best->against_chosen);
  const bool real = against.high < 0.0 || against.low > 0.0;
  answer.surely_better = against.high < 0.0 && answer.warnings.empty();
  answer.best_baseline += fmt::format(
      ". The answer is {} {} (95 % interval of the difference {} to {}, paired): {}.",
      difference_text(best->metric, against.mean), against.mean <= 0 ? "better" : "worse",
      metric_text(best->metric, -against.high, false), metric_text(best->metric, -against.low, false),
      real ? "a real difference" : "not surely a difference");
}

std::string before_training(const Run& run) {
  if (!run.comparison) return "";
  if (const auto& shipped = run.comparison->as_it_is)
    return fmt::format("Before training: {} (the model as it is).",
                       metric_text(shipped->metric, shipped->value));
  const size_t classes = run.facts ? run.facts->data.class_names.size() : 0;
  if (classes < 2) return "";
  return fmt::format("Before training: {}, chance among {} classes (the classifier starts anew).",
                     percent_text(1.0 / static_cast<double>(classes)), classes);
}

std::string weakest_words(const Run& run) {
  const std::vector<ClassFigures> classes = class_figures(run);
  if (classes.size() < 2) return "";
  const size_t weakest = weakest_class(classes), other = most_confused_with(classes, weakest);
  const ClassFigures& figures = classes[weakest];
  std::string text = fmt::format("Weakest class: {}, {} of its {} samples right", clipped(figures.name, 60),
                                 percent_text(figures.right), grouped_text(figures.samples));
  if (figures.taken_for[other] > 0.0)
    text += fmt::format(", {} taken for {}", percent_text(figures.taken_for[other]),
                        clipped(classes[other].name, 60));
  return text + ".";
}

/// Of the layers whose weights the answer updates: which needs most, which adds most.
std::string layer_costs(const Run& run) {
  const LayerContribution *dearest = nullptr, *best = nullptr;
  for (const LayerContribution& layer : run.contributions) {
    if (!updates_weights_of(run.schedule, layer.layer)) continue;
    if (dearest == nullptr || layer.ram_bytes > dearest->ram_bytes) dearest = &layer;
    if (best == nullptr || layer.whole().nats > best->whole().nats) best = &layer;
  }
  if (dearest != nullptr)
    return fmt::format(
        "Of the updated weights, those of {} need the most RAM ({:.1f} KiB) and those of {} take "
        "the most off the loss ({:.3f} nats).",
        clipped(dearest->layer, 60), static_cast<double>(dearest->ram_bytes) / 1024.0,
        clipped(best->layer, 60), best->whole().nats);
  const LayerEffect* most = nullptr;
  const std::vector<LayerEffect> effects = layer_effects(run);
  for (const LayerEffect& effect : effects)
    if (effect.bytes_saved && (most == nullptr || *effect.bytes_saved > *most->bytes_saved)) most = &effect;
  if (most == nullptr) return "";
  return fmt::format("Of the layers looked at, the weights of {} need the most RAM ({:.1f} KiB).",
                     clipped(most->layer, 60), static_cast<double>(*most->bytes_saved) / 1024.0);
}

/// "one cycle", "1.3 cycles".
std::string cycles_text(const BoardLimits& board) {
  return board.cycles_per_instruction == 1.0 ? "one cycle"
                                             : fmt::format("{:.3g} cycles", board.cycles_per_instruction);
}

/// Instructions of a step, counted where the firmware has run, else predicted; with milliseconds on the board
/// that was searched for, where its clock is known.
std::string instruction_words(const Run& run, const std::optional<int64_t>& counted,
                              const std::vector<BoardLimits>& boards) {
  const int64_t predicted = run.arena ? run.arena->instructions_per_step : 0;
  if (!counted && predicted == 0)
    return "; milliseconds: not known before its firmware has run (device.json)";
  const int64_t instructions = counted.value_or(predicted);
  std::string words =
      fmt::format("; {} instructions, {}", grouped_text(instructions), counted ? "counted" : "predicted");
  const std::string searched_for = searched_board(run);
  for (const BoardLimits& board : boards)
    if (board.clock_hz > 0 && (searched_for == board.name || searched_for.starts_with(board.name + " ")))
      return words + fmt::format("; about {:.1f} ms on {} at {} MHz, estimated at {} an instruction",
                                 1000.0 * static_cast<double>(instructions) * board.cycles_per_instruction /
                                     static_cast<double>(board.clock_hz),
                                 board.name, board.clock_hz / 1'000'000, cycles_text(board));
  return words;
}

std::string device_words(const Run& run) {
  if (!run.device) return "";
  const DeviceCheck& d = *run.device;
  return fmt::format("Firmware on {}: {} the simulator's bits over {} training steps", clipped(d.board, 60),
                     d.same_bits ? "exactly" : "NOT", grouped_text(d.training_steps));
}

/// "Accuracy", "Mean absolute error".
std::string heading_of(MetricKind metric) {
  std::string name = metric_name(metric);
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  return name;
}

std::string spread_of(const Run& run) {
  if (!run.comparison || run.comparison->rows[0].by_seed.size() < 2) return "";
  const MetricKind metric = run.comparison->rows[0].metric;
  const auto [low, high] =
      std::minmax_element(run.comparison->rows[0].by_seed.begin(), run.comparison->rows[0].by_seed.end(),
                          [](const SeedValue& a, const SeedValue& b) { return a.value < b.value; });
  return fmt::format("; seeds {} to {}", metric_text(metric, low->value), metric_text(metric, high->value));
}

}  // namespace

Answer answer_of(const Run& run, const std::vector<BoardLimits>& boards) {
  const Figures figures = figures_of(run);
  Answer answer;
  answer.schedule_file = run.name + "/" + run.schedule_file;
  answer.summary = short_schedule_words(run.schedule.update);
  answer.schedule = schedule_words(run.schedule.update);
  answer.verdict = verdict_of(run);
  if (run.comparison) answer.choice = run.comparison->choice;
  answer.warnings = warnings_of(run);
  compare_with_best_baseline(run, answer);
  answer.before = before_training(run);
  answer.classes = weakest_words(run);
  answer.costs = layer_costs(run);
  if (run.facts && run.facts->search) answer.next = run.facts->search->next;
  if (figures.value)
    answer.figures.push_back(
        {heading_of(figures.metric), metric_text(figures.metric, *figures.value),
         fmt::format("95 % interval {} to {}, {} test samples, {} seed{}{}",
                     metric_text(figures.metric, figures.low), metric_text(figures.metric, figures.high),
                     grouped_text(figures.samples), figures.seeds, figures.seeds == 1 ? "" : "s",
                     spread_of(run))});
  const auto bytes = [&](const char* name, const std::optional<int64_t>& value, const std::string& detail) {
    if (value)
      answer.figures.push_back({name, fmt::format("{:.1f} KiB", static_cast<double>(*value) / 1024.0),
                                grouped_text(*value) + " bytes" + detail});
  };
  std::string ram_parts, flash_parts;
  if (run.arena) {
    ram_parts = fmt::format(": arena {}, trained state {}, stack {}", grouped_text(run.arena->arena_bytes),
                            grouped_text(run.arena->persistent_bytes), grouped_text(run.arena->stack_bytes));
    flash_parts = fmt::format(": constants {}, code about {}", grouped_text(run.arena->constant_bytes),
                              grouped_text(run.arena->code_bytes));
  }
  bytes("RAM", figures.ram_bytes, ram_parts);
  bytes("Flash", figures.flash_bytes, flash_parts);
  if (figures.macs_per_step)
    answer.figures.push_back({"Step cost", million_text(*figures.macs_per_step) + " MACs",
                              grouped_text(*figures.macs_per_step) +
                                  " MACs: forward, backward, update of one sample" +
                                  instruction_words(run, figures.instructions_per_step, boards)});
  answer.device = device_words(run);
  if (figures.ram_bytes && figures.flash_bytes)
    for (const BoardLimits& board : boards)
      answer.boards.push_back({board, std::max<int64_t>(0, *figures.ram_bytes - board.ram_bytes),
                               std::max<int64_t>(0, *figures.flash_bytes - board.flash_bytes)});
  return answer;
}

}  // namespace thaw
