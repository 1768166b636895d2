#include "reports/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/escape.h"
#include "reports/figures.h"
#include "reports/number_text.h"

namespace thaw {
namespace {

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
    const double points = 100.0 * (chosen.accuracy - row->accuracy);
    text += text.empty() ? "" : "; ";
    if (row->outcome == "diverged")
      text += fmt::format("the {} diverges", name);
    else
      text += fmt::format("{:.2f} points {} the {} ({}, {:.1f} KiB of RAM)", std::abs(points),
                          points >= 0 ? "above" : "below", name, percent_text(row->accuracy),
                          static_cast<double>(row->ram_bytes) / 1024.0);
  }
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text.empty() ? "" : text + ".";
}

/// What fits and is better than the answer on the same test samples by a paired test.
std::vector<std::string> warnings_of(const Run& run) {
  std::vector<std::string> warnings;
  const auto add = [&](const std::string& name, double accuracy, int64_t ram, const AgainstChosen& against) {
    warnings.push_back(
        fmt::format("On test, {} ({}, {:.1f} KiB of RAM) is better than the chosen schedule by {:.2f} points "
                    "(95 % interval "
                    "{:.2f} to {:.2f})",
                    clipped(name, 60), percent_text(accuracy), static_cast<double>(ram) / 1024.0,
                    100.0 * against.mean, 100.0 * against.low, 100.0 * against.high));
  };
  if (!run.comparison) return warnings;
  for (const ComparedSchedule& row : run.comparison->rows)
    if (row.against_chosen && row.against_chosen->surely_better && row.outcome == "ok")
      add(row.name, row.accuracy, row.ram_bytes, *row.against_chosen);
  if (const auto& shipped = run.comparison->as_it_is; shipped && shipped->against_chosen.surely_better)
    add("the model as it is", shipped->accuracy, shipped->ram_bytes, shipped->against_chosen);
  return warnings;
}

std::string device_words(const Run& run) {
  if (!run.device) return "";
  const DeviceCheck& d = *run.device;
  return fmt::format("Firmware on {}: {} the simulator's bits over {} training steps", clipped(d.board, 60),
                     d.same_bits ? "exactly" : "NOT", grouped_text(d.training_steps));
}

std::string spread_of(const Run& run) {
  if (!run.comparison || run.comparison->rows[0].by_seed.size() < 2) return "";
  const auto [low, high] = std::minmax_element(
      run.comparison->rows[0].by_seed.begin(), run.comparison->rows[0].by_seed.end(),
      [](const SeedAccuracy& a, const SeedAccuracy& b) { return a.accuracy < b.accuracy; });
  return fmt::format("; seeds {} to {}", percent_text(low->accuracy), percent_text(high->accuracy));
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
  if (figures.accuracy)
    answer.figures.push_back(
        {"Accuracy", percent_text(*figures.accuracy),
         fmt::format("95 % interval {} to {}, {} test samples, {} seed{}{}", percent_text(figures.low),
                     percent_text(figures.high), grouped_text(figures.samples), figures.seeds,
                     figures.seeds == 1 ? "" : "s", spread_of(run))});
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
                                  (figures.instructions_per_step
                                       ? "; " + grouped_text(*figures.instructions_per_step) + " instructions"
                                       : "")});
  answer.device = device_words(run);
  if (figures.ram_bytes && figures.flash_bytes)
    for (const BoardLimits& board : boards)
      answer.boards.push_back({board, std::max<int64_t>(0, *figures.ram_bytes - board.ram_bytes),
                               std::max<int64_t>(0, *figures.flash_bytes - board.flash_bytes)});
  return answer;
}

}  // namespace thaw
