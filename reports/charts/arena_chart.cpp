// The arena of a plan: time to the right, addresses upwards, a rectangle a buffer.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reports/charts/run_charts.h"
#include "reports/escape.h"
#include "reports/number_text.h"
#include "sim/base/printable.h"

namespace thaw {
namespace {

struct KindStyle {
  std::string_view kind, css_class, words;
};

constexpr KindStyle kKinds[] = {{"activation", "k-activation", "activation"},
                                {"gradient", "k-gradient", "gradient"},
                                {"saved_input", "k-saved_input", "saved input"},
                                {"mask", "k-mask", "clamp mask"},
                                {"scratch", "k-scratch", "scratch"},
                                {"variable", "k-other", "state variable"}};

std::string legend(const ArenaMap& arena, const PlotArea& area) {
  std::string text;
  double x = area.left;
  const double y = area.top + area.height + 34;
  for (const KindStyle& style : kKinds) {
    if (std::ranges::find(arena.buffers, style.kind, &ArenaBuffer::kind) == arena.buffers.end()) continue;
    text += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"11\" height=\"11\"/>",
                        style.css_class, x, y - 10);
    text += text_svg(x + 15, y, style.words);
    x += 30 + 7.2 * static_cast<double>(style.words.size());
  }
  text += fmt::format("<path class=\"line ink\" d=\"M{:.1f} {:.1f}h18\"/>", x, y - 4);
  return text + text_svg(x + 23, y, "bytes alive");
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

/// Where a buffer is drawn.
struct Place {
  double left, top, width, height;
};

Place place_of(const ArenaBuffer& b, const PlotArea& area, const std::vector<double>& positions) {
  const double left = area.at_x(positions[static_cast<size_t>(b.first_step)]),
               right = area.at_x(positions[static_cast<size_t>(b.last_step) + 1]);
  const double top = area.at_y(kib(b.offset + b.bytes));
  return {left, top, right - left, std::max(0.3, area.at_y(kib(b.offset)) - top)};
}

/// The name, or its beginning, along the longer side where at least some letters fit.
std::string label_of(const ArenaBuffer& b, const Place& place) {
  constexpr double kCharacter = 5.4, kLine = 10, kMargin = 6;
  constexpr double kFewest = 8;  // characters; fewer say nothing
  const double wanted = kMargin + kCharacter * static_cast<double>(b.name.size());
  const bool upright = place.width < std::min(place.height, wanted);
  const double room = ((upright ? place.height : place.width) - kMargin) / kCharacter;
  if (std::min(place.width, place.height) < kLine || room < std::min(kFewest, double(b.name.size())))
    return "";
  const double x = place.left + place.width / 2, y = place.top + place.height / 2;
  return fmt::format(
      "<text class=\"inside\" text-anchor=\"middle\" transform=\"translate({:.1f} {:.1f}){}\">{}</text>",
      upright ? x + 3.5 : x, upright ? y : y + 3.5, upright ? " rotate(-90)" : "",
      html_text(shortened(b.name, static_cast<size_t>(std::max(room, kFewest)))));
}

/// A buffer as a rectangle over the steps it lives.
std::string buffer_mark(const ArenaBuffer& b, const Place& place) {
  const auto style = std::ranges::find(kKinds, b.kind, &KindStyle::kind);
  const bool known = style != std::end(kKinds);
  return fmt::format(
      "<rect class=\"mark buffer {}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" "
      "height=\"{:.2f}\">{}</rect>",
      known ? style->css_class : "k-other", place.left, place.top, place.width, place.height,
      title_svg(fmt::format("{} ({})\n{} at offset {}\nsteps {} to {}", clipped(b.name, 100),
                            known ? std::string(style->words) : clipped(b.kind, 30), bytes_text(b.bytes),
                            grouped_text(b.offset), b.first_step, b.last_step)));
}

/// How many bytes are alive at each step.
std::string alive_line(const ArenaMap& arena, const PlotArea& area, const std::vector<double>& positions) {
  std::string path = fmt::format("M{:.1f} {:.1f}", area.left, area.top + area.height);
  for (size_t i = 0; i < arena.steps.size() && path.size() < kMostMarkBytes / 4; ++i)
    path +=
        fmt::format("V{:.1f}H{:.1f}", area.at_y(kib(arena.steps[i].live_bytes)), area.at_x(positions[i + 1]));
  return fmt::format("<path class=\"line ink thin\" d=\"{}\"/>", path);
}

/// The peak, and below it the most bytes alive at a step where the two differ.
std::string limits(const ArenaMap& arena, const PlotArea& area) {
  const auto limit = [&](int64_t bytes, const std::string& words, double below) {
    const double y = area.at_y(kib(bytes));
    return fmt::format("<path class=\"line red dashed\" d=\"M{:.1f} {:.1f}h{:.1f}\"/>", area.left, y,
                       area.width) +
           text_svg(area.left + area.width - 4, y + below, words, "end");
  };
  if (arena.peak_bytes == arena.lower_bound_bytes)
    return limit(arena.peak_bytes, "peak " + bytes_text(arena.peak_bytes) + " = most alive at a step", -6);
  return limit(arena.peak_bytes, "peak " + bytes_text(arena.peak_bytes), -6) +
         limit(arena.lower_bound_bytes, "most alive at a step " + bytes_text(arena.lower_bound_bytes), 15);
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

/// The picture in words.
std::string description_of(const ArenaMap& arena, size_t first_peak, size_t drawn) {
  std::string text = "Peak " + bytes_text(arena.peak_bytes);
  if (first_peak < arena.steps.size())
    text += fmt::format(", most bytes alive at step {} ({})", first_peak,
                        clipped(arena.steps[first_peak].name, 60));
  if (arena.proven_optimal) text += ", proven the smallest possible";
  text += fmt::format("; {} buffers over {} steps", arena.buffers.size(), arena.steps.size());
  if (drawn < arena.buffers.size())
    text += fmt::format("; {} buffers are left out here", arena.buffers.size() - drawn);
  return text;
}

}  // namespace

Chart arena_chart(const ArenaMap& arena, double width, double height) {
  Chart chart;
  chart.name = "arena";
  chart.title = arena.trains ? "Arena over one training step" : "Arena over one inference";
  chart.width = width;
  chart.height = height;
  const std::vector<double> positions = step_positions(arena.steps);
  double top = kib(arena.peak_bytes);
  for (const ArenaBuffer& b : arena.buffers) top = std::max(top, kib(b.offset + b.bytes));
  PlotArea area;
  area.width += width - Chart().width;
  area.height += height - Chart().height;
  area.x.low = 0;
  area.x.high = std::max(1.0, positions.back());
  area.x.label = "step";
  area.y = round_axis(0, top, "offset, KiB");
  std::string marks, labels;
  size_t drawn = 0;
  for (const ArenaBuffer& b : arena.buffers) {
    if (marks.size() + labels.size() > kMostMarkBytes) break;
    ++drawn;
    const Place place = place_of(b, area, positions);
    marks += buffer_mark(b, place);
    labels += label_of(b, place);
  }
  const StepMarks steps = step_marks(arena, area, positions);
  chart.body = step_numbers(area, positions) + axes_svg(area) + steps.peak + marks + steps.phases +
               alive_line(arena, area, positions) + labels + limits(arena, area) + legend(arena, area);
  chart.description = description_of(arena, steps.first_peak, drawn);
  return chart;
}

}  // namespace thaw
