#include "reports/charts/xy_chart.h"

#include <fmt/format.h>

#include <algorithm>

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kShapes[] = {"none", "circle", "ring", "diamond", "triangle", "cross"};
constexpr const char* kLines[] = {"none", "solid", "dashed"};

std::string mark_svg(const XySeries& series, double x, double y, std::string_view text) {
  const double r = series.radius;
  switch (series.shape) {
    case Shape::none:
      return "";
    case Shape::circle:
      return circle_svg(x, y, r, "fill " + series.colour, text);
    case Shape::ring:
      return circle_svg(x, y, r, "open " + series.colour, text);
    case Shape::diamond:
      return diamond_svg(x, y, r, "fill " + series.colour, text);
    case Shape::triangle:
      return triangle_svg(x, y, r, "open " + series.colour, text);
    case Shape::cross:
      return cross_svg(x, y, r, "open " + series.colour, text);
  }
  return "";
}

std::string line_svg(const XySeries& series, const std::string& path) {
  if (series.line == Line::none || path.empty()) return "";
  return fmt::format("<path class=\"line {}{}\" d=\"{}\"/>", series.colour,
                     series.line == Line::dashed ? " dashed" : "", path);
}

/// Beside the mark, on the side that has more room.
std::string label_svg(const PlotArea& area, double x, double y, const std::string& label) {
  if (label.empty()) return "";
  const bool at_left = x < area.left + 0.5 * area.width;
  return text_svg(x + (at_left ? 12 : -12), y - 9, label, at_left ? "start" : "end");
}

constexpr double kLegendRow = 22;

/// Rows below the plot; `height` grows by what they need.
std::string legend_svg(const PlotArea& area, const std::vector<XySeries>& series, double& height) {
  constexpr double kLetter = 7.4;
  std::string text;
  double x = area.left, y = area.top + area.height + 58;
  for (const XySeries& s : series) {
    if (s.name.empty()) continue;
    const double width = 42 + kLetter * static_cast<double>(s.name.size());
    if (x > area.left && x + width > area.left + area.width + 20) {
      x = area.left;
      y += kLegendRow;
      height += kLegendRow;
    }
    text += line_svg(s, fmt::format("M{:.1f} {:.1f}h20", x, y - 4)) + mark_svg(s, x + 10, y - 4, "");
    text += text_svg(x + 25, y, s.name);
    x += width;
  }
  return text;
}

std::string series_svg(const PlotArea& area, const XySeries& series, bool with_texts, size_t most_bytes) {
  std::string path, marks;
  for (const XyPoint& p : series.points) {
    if (marks.size() + path.size() > most_bytes) break;
    const double x = area.at_x(p.x), y = area.at_y(p.y);
    if (path.empty())
      path = fmt::format("M{:.1f} {:.1f}", x, y);
    else
      path += fmt::format(fmt::runtime(series.steps ? "H{:.1f}V{:.1f}" : "L{:.1f} {:.1f}"), x, y);
    marks += mark_svg(series, x, y, with_texts ? p.text : "") + label_svg(area, x, y, p.label);
  }
  return line_svg(series, path) + marks;
}

}  // namespace

Chart xy_picture(const XyChart& xy, bool with_texts) {
  Chart chart;
  chart.name = xy.name;
  chart.title = xy.title;
  chart.description = xy.description;
  chart.height = 420;
  PlotArea area;
  area.x = xy.x;
  area.y = xy.y;
  chart.body = axes_svg(area) + legend_svg(area, xy.series, chart.height);
  for (const XySeries& series : xy.series)
    chart.body +=
        series_svg(area, series, with_texts, kMostMarkBytes - std::min(kMostMarkBytes, chart.body.size()));
  return chart;
}

nlohmann::ordered_json xy_json(const XyChart& xy) {
  const auto axis = [](const Axis& a) {
    return Json{{"low", a.low},
                {"high", a.high},
                {"label", a.label},
                {"step", a.ticks.size() > 1 ? a.ticks[1] - a.ticks[0] : 1.0},
                {"decimals", a.decimals}};
  };
  Json list = Json::array();
  size_t bytes = 0;
  for (const XySeries& series : xy.series) {
    Json points = Json::array();
    for (const XyPoint& p : series.points) {
      bytes += 40 + p.text.size() + 5 * static_cast<size_t>(std::count(p.text.begin(), p.text.end(), '<'));
      if (bytes > kMostMarkBytes) break;
      points.push_back({p.x, p.y, p.text, p.label});
    }
    list.push_back({{"name", series.name},
                    {"colour", series.colour},
                    {"shape", kShapes[static_cast<size_t>(series.shape)]},
                    {"radius", series.radius},
                    {"line", kLines[static_cast<size_t>(series.line)]},
                    {"steps", series.steps},
                    {"points", points}});
  }
  return {{"title", xy.title}, {"x", axis(xy.x)}, {"y", axis(xy.y)}, {"series", list}};
}

}  // namespace thaw
