// Points and lines over two linear axes, as values. Drawn twice from the same numbers: as SVG (files, print,
// a page without script) and as JSON that the page's chart library makes interactive.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reports/charts/chart.h"

namespace thaw {

/// A mark, in units of the axes. `text` is shown when it is pointed at, lines by '\n'; `label` is drawn
/// beside it. Both are clipped already.
struct XyPoint {
  double x = 0.0, y = 0.0;
  std::string text, label;
};

enum class Shape { none, circle, ring, diamond, triangle, cross };
enum class Line { none, solid, dashed };

/// Points of one kind. `colour` is one of chart.css: blue, orange, green, red, pink, sky, soft or ink. With
/// `steps` the line goes sideways, then up. A series without a name is not in the legend.
struct XySeries {
  std::string name, colour;
  Shape shape = Shape::circle;
  double radius = 4.0;
  Line line = Line::none;
  bool steps = false;
  std::vector<XyPoint> points;
};

struct XyChart {
  std::string name;  // of the file, without ending
  std::string title, description;
  Axis x, y;
  std::vector<XySeries> series;  // later ones lie above earlier ones
};

/// `with_texts` keeps each mark's text in the SVG, for files that stand alone.
Chart xy_picture(const XyChart& chart, bool with_texts);

/// For assets/page.js: axes, series, points as [x, y, text, label].
nlohmann::ordered_json xy_json(const XyChart& chart);

}  // namespace thaw
