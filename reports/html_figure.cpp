#include "reports/html_figure.h"

#include <fmt/format.h>

#include "reports/escape.h"

namespace thaw {

std::string html_figure(const Chart& chart, const std::string& more, const std::string& data) {
  return fmt::format(
      "<figure class=\"chart-{}\"><div class=\"scroll still\">{}</div>{}<figcaption>{}. "
      "{}</figcaption></figure>\n",
      chart.name, inline_svg(chart), data, html_text(chart.description, 1000), more);
}

std::string html_figure(const XyChart& chart, const std::string& more) {
  std::string json;  // a name in it cannot end the element it stands in
  for (char c : xy_json(chart).dump()) json += c == '<' ? "\\u003c" : std::string(1, c);
  return html_figure(xy_picture(chart, false), more,
                     "<script type=\"application/json\" class=\"chart-data\">" + json + "</script>");
}

}  // namespace thaw
