// Drawing: axes with round ticks, and charts as SVG that stands alone or lies in a page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thaw {

/// Most bytes of marks in one chart, so that a page stays small whatever it is given.
constexpr size_t kMostMarkBytes = 1'500'000;

/// A finished chart. `body` is SVG inside a viewBox of width x height; `description` says in words what the
/// picture shows.
struct Chart {
  std::string name;  // of the file, without ending
  std::string title, description;
  double width = 720, height = 400;
  std::string body;
};

/// For a page that contains chart_style().
std::string inline_svg(const Chart& chart);

/// A file of its own, with the style inside.
std::string standalone_svg(const Chart& chart);

/// PNG in light colours, three pixels to two units of the viewBox. Throws Error where it cannot be drawn.
std::string chart_png(const Chart& chart);

/// Whether there is what draws it: librsvg, which is loaded here and not linked.
bool can_draw_png();

/// A linear axis; ticks are round numbers within low..high.
struct Axis {
  double low = 0.0, high = 1.0;
  std::string label;
  int decimals = 0;
  std::vector<double> ticks;
};

/// Widens low..high to round ends; equal or reversed ends become a range around them.
Axis round_axis(double low, double high, const std::string& label, int most_ticks = 7);

/// The rectangle that data are drawn in; coordinates of the viewBox.
struct PlotArea {
  double left = 64, top = 34, width = 640, height = 310;
  Axis x, y;

  double at_x(double value) const { return left + width * (value - x.low) / (x.high - x.low); }
  double at_y(double value) const { return top + height * (y.high - value) / (y.high - y.low); }
};

/// Grid lines, ticks and labels.
std::string axes_svg(const PlotArea& area);

/// Text at a place; `anchor` is start, middle or end.
std::string text_svg(double x, double y, std::string_view text, std::string_view anchor = "start",
                     std::string_view css_class = "");

/// `<title>` that a mark shows when it is pointed at.
std::string title_svg(std::string_view text);

/// A bar from `zero` to the right, or to the left for a negative length, with class `mark` and the given one.
std::string bar_svg(double zero, double y, double length, std::string_view css_class, std::string_view title);

/// Shapes centred at (x, y) with class `mark` and the given one.
std::string circle_svg(double x, double y, double radius, std::string_view css_class, std::string_view title);
std::string diamond_svg(double x, double y, double radius, std::string_view css_class,
                        std::string_view title);
std::string triangle_svg(double x, double y, double radius, std::string_view css_class,
                         std::string_view title);
std::string cross_svg(double x, double y, double radius, std::string_view css_class, std::string_view title);

}  // namespace thaw
