#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/number_text.h"

namespace thaw {
namespace {

struct KindStyle {
  std::string_view kind, css_class, words;
};

constexpr KindStyle kKinds[] = {{"activation", "k-activation", "activation"},
                                {"gradient", "k-gradient", "gradient"},
                                {"saved_input", "k-saved_input", "saved input"},
                                {"mask", "k-mask", "mask"},
                                {"scratch", "k-scratch", "scratch"}};

std::string_view class_of(const std::string& kind) {
  for (const KindStyle& style : kKinds)
    if (style.kind == kind) return style.css_class;
  return "k-other";
}

std::string legend(const PlotArea& area) {
  std::string text;
  double x = area.left;
  const double y = area.top + area.height + 34;
  for (const KindStyle& style : kKinds) {
    text += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"11\" height=\"11\"/>",
                        style.css_class, x, y - 10);
    text += text_svg(x + 15, y, style.words);
    x += 30 + 7.2 * static_cast<double>(style.words.size());
  }
  return text;
}

/// Where each step begins and the last one ends, in widths of a step: the many bands of a row stream share a
/// few.
std::vector<double> step_positions(const std::vector<ArenaStep>& steps) {
  constexpr double kStreamWidth = 12;
  std::map<int64_t, double> count;
  for (const ArenaStep& step : steps) count[step.stream] += 1;
  std::vector<double> positions = {0};
  for (const ArenaStep& step : steps) {
    const double bands = count[step.stream];
    positions.push_back(positions.back() +
                        (step.stream < 0 || bands <= kStreamWidth ? 1.0 : kStreamWidth / bands));
  }
  return positions;
}

/// Numbers of steps below the plot, as many as have room.
std::string step_numbers(const PlotArea& area, const std::vector<double>& positions) {
  constexpr double kDistance = 60;
  std::string text;
  double next = area.left;
  for (size_t i = 0; i + 1 < positions.size(); ++i) {
    const double x = area.at_x(positions[i]);
    if (x < next) continue;
    text += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}v{:.1f}\"/>", x, area.top, area.height);
    text += text_svg(x, area.top + area.height + 17, std::to_string(i), "middle", "soft");
    next = x + kDistance;
  }
  return text;
}

/// A buffer as a rectangle over the steps it lives.
std::string buffer_mark(const ArenaBuffer& b, const PlotArea& area, const std::vector<double>& positions) {
  const double x = area.at_x(positions[static_cast<size_t>(b.first_step)]),
               end = area.at_x(positions[static_cast<size_t>(b.last_step) + 1]);
  const double y = area.at_y(kib(b.offset + b.bytes));
  const double bottom = area.at_y(kib(b.offset));
  return fmt::format(
      "<rect class=\"mark buffer {}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" "
      "height=\"{:.2f}\">{}</rect>",
      class_of(b.kind), x, y, end - x, std::max(0.3, bottom - y),
      title_svg(fmt::format("{} ({})\n{} at offset {}\nsteps {} to {}", clipped(b.name, 100),
                            clipped(b.kind, 30), bytes_text(b.bytes), grouped_text(b.offset), b.first_step,
                            b.last_step)));
}

/// What is drawn behind and above the buffers: the steps at the peak, and where phases begin.
struct StepMarks {
  std::string peak, phases;
  size_t first_peak;  // the number of steps where there is none
};

StepMarks step_marks(const ArenaMap& arena, const PlotArea& area, const std::vector<double>& positions) {
  StepMarks marks{"", "", arena.steps.size()};
  std::string previous;
  for (size_t i = 0; i < arena.steps.size() && marks.phases.size() < kMostMarkBytes / 4; ++i) {
    const ArenaStep& step = arena.steps[i];
    const double x = area.at_x(positions[i]);
    if (step.at_peak) {
      marks.first_peak = std::min(marks.first_peak, i);
      if (marks.peak.size() < kMostMarkBytes / 4)
        marks.peak +=
            fmt::format("<rect class=\"peak\" x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\"/>",
                        x, area.top, area.at_x(positions[i + 1]) - x, area.height);
    }
    if (step.phase != previous && (previous.empty() || step.phase == "backward")) {
      marks.phases += fmt::format("<path class=\"axis\" d=\"M{0:.1f} {1:.1f}v-8\"/>", x, area.top);
      marks.phases += text_svg(x + 4, area.top - 3, clipped(step.phase, 20), "start", "soft");
    }
    if (previous.empty() || step.phase == "backward") previous = step.phase;
  }
  return marks;
}

}  // namespace

Chart arena_chart(const ArenaMap& arena) {
  Chart chart;
  chart.name = "arena";
  chart.title = "Arena over one training step";
  const std::vector<double> positions = step_positions(arena.steps);
  double top = kib(arena.peak_bytes);
  for (const ArenaBuffer& b : arena.buffers) top = std::max(top, kib(b.offset + b.bytes));
  PlotArea area;
  area.x.low = 0;
  area.x.high = positions.back();
  area.x.label = "step";
  area.y = round_axis(0, top, "offset, KiB");
  std::string marks;
  size_t drawn = 0;
  for (const ArenaBuffer& b : arena.buffers) {
    if (marks.size() > kMostMarkBytes) break;
    ++drawn;
    marks += buffer_mark(b, area, positions);
  }
  const StepMarks steps = step_marks(arena, area, positions);
  const double peak_y = area.at_y(kib(arena.peak_bytes));
  chart.body = step_numbers(area, positions) + axes_svg(area) + steps.peak + marks + steps.phases;
  chart.body += fmt::format("<path class=\"line red dashed\" d=\"M{:.1f} {:.1f}h{:.1f}\"/>", area.left,
                            peak_y, area.width);
  chart.body +=
      text_svg(area.left + area.width - 4, peak_y - 6, "peak " + bytes_text(arena.peak_bytes), "end");
  chart.body += legend(area);
  chart.description = fmt::format("Peak {}{}{}; {} buffers over {} steps", bytes_text(arena.peak_bytes),
                                  steps.first_peak < arena.steps.size()
                                      ? fmt::format(", most bytes alive at step {} ({})", steps.first_peak,
                                                    clipped(arena.steps[steps.first_peak].name, 60))
                                      : "",
                                  arena.proven_optimal ? ", proven the smallest possible" : "",
                                  arena.buffers.size(), arena.steps.size());
  if (drawn < arena.buffers.size())
    chart.description += fmt::format("; {} buffers are left out here", arena.buffers.size() - drawn);
  return chart;
}

}  // namespace thaw
