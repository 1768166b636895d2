#include "reports/charts/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/escape.h"
#include "reports/page_assets.h"

namespace thaw {
namespace {

constexpr size_t kMostTitle = 400;

std::string svg(const Chart& chart, std::string_view style) {
  // Texts read as one image: title, then description.
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"thaw-chart\" role=\"img\" viewBox=\"0 0 {:.0f} "
      "{:.0f}\" "
      "aria-label=\"{}. {}\">{}{}</svg>\n",
      chart.width, chart.height, html_text(chart.title), html_text(chart.description, 1000), style,
      chart.body);
}

std::string path_mark(const std::string& path, std::string_view css_class, std::string_view title) {
  return fmt::format("<path class=\"mark {}\" d=\"{}\">{}</path>", css_class, path, title_svg(title));
}

}  // namespace

std::string inline_svg(const Chart& chart) {
  return svg(chart, "");
}

std::string standalone_svg(const Chart& chart) {
  return svg(chart, fmt::format(
                        "<style>{}</style><rect width=\"100%\" height=\"100%\" style=\"fill:var(--paper)\"/>",
                        chart_style()));
}

Axis round_axis(double low, double high, const std::string& label, int most_ticks) {
  if (!(low < high)) {
    const double around = std::max(1.0, 0.05 * std::abs(low));
    low -= around;
    high = low + 2 * around;
  }
  const double rough = (high - low) / most_ticks;
  const double magnitude = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10.0 * magnitude;
  for (double factor : {5.0, 2.0, 1.0})
    if (factor * magnitude >= rough) step = factor * magnitude;
  Axis axis;
  axis.label = label;
  axis.decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step))), 0, 6);
  const double first = std::floor(low / step), last = std::ceil(high / step);
  axis.low = first * step;
  axis.high = last * step;
  for (double tick = first; tick <= last; tick += 1.0) axis.ticks.push_back(tick * step);
  return axis;
}

std::string axes_svg(const PlotArea& area) {
  std::string text;
  const double bottom = area.top + area.height, right = area.left + area.width;
  for (double tick : area.x.ticks) {
    const double x = area.at_x(tick);
    text += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>", x, area.top, bottom);
    text += text_svg(x, bottom + 17, fmt::format("{:.{}f}", tick, area.x.decimals), "middle", "soft");
  }
  for (double tick : area.y.ticks) {
    const double y = area.at_y(tick);
    text += fmt::format("<path class=\"grid\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>", area.left, y, right);
    text += text_svg(area.left - 7, y + 4, fmt::format("{:.{}f}", tick, area.y.decimals), "end", "soft");
  }
  text += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}\"/>", area.left, area.top,
                      bottom, right);
  text += text_svg(right, bottom + 36, area.x.label, "end");
  text += text_svg(4, area.top - 14, area.y.label);
  return text;
}

std::string text_svg(double x, double y, std::string_view text, std::string_view anchor,
                     std::string_view css_class) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>", x, y, anchor,
                     css_class.empty() ? "" : fmt::format(" class=\"{}\"", css_class), html_text(text));
}

std::string title_svg(std::string_view text) {
  if (text.empty()) return "";
  std::string lines;  // escaping drops line breaks, so line by line
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines += (at == 0 ? "" : "\n") + html_text(text.substr(at, end - at), kMostTitle);
    at = end + 1;
  }
  return "<title>" + lines + "</title>";
}

std::string bar_svg(double zero, double y, double length, std::string_view css_class,
                    std::string_view title) {
  return fmt::format(
      "<rect class=\"mark {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"14\">{}</rect>", css_class,
      length < 0 ? zero + length : zero, y, std::max(1.0, std::abs(length)), title_svg(title));
}

std::string circle_svg(double x, double y, double radius, std::string_view css_class,
                       std::string_view title) {
  return fmt::format("<circle class=\"mark {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\">{}</circle>", css_class,
                     x, y, radius, title_svg(title));
}

std::string diamond_svg(double x, double y, double r, std::string_view css_class, std::string_view title) {
  return path_mark(fmt::format("M{:.1f} {:.1f}l{} {}l-{} {}l-{} -{}z", x, y - r, r, r, r, r, r, r), css_class,
                   title);
}

std::string triangle_svg(double x, double y, double r, std::string_view css_class, std::string_view title) {
  return path_mark(fmt::format("M{:.1f} {:.1f}l{} {}h-{}z", x, y - r, r, 2 * r, 2 * r), css_class, title);
}

std::string cross_svg(double x, double y, double r, std::string_view css_class, std::string_view title) {
  return path_mark(
      fmt::format("M{:.1f} {:.1f}l{} {}m-{} 0l{} -{}", x - r, y - r, 2 * r, 2 * r, 2 * r, 2 * r, 2 * r),
      css_class, title);
}

}  // namespace thaw
