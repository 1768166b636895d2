// Charts in a page: a picture for paper and for a page without script, which the chart library draws over.
#pragma once

#include <string>

#include "reports/charts/xy_chart.h"

namespace thaw {

/// What a reader can do with a chart; for `more` below.
constexpr const char* kHoverHint =
    "<span class=\"screen\">Point at a mark, or move to the picture with Tab and use the arrow keys, to see "
    "what it is.</span>";

/// A chart with its description in words below it, and `more`, which is HTML. `data` is for the page's
/// script, or empty.
std::string html_figure(const Chart& chart, const std::string& more, const std::string& data = "");

/// A chart that the page's script draws anew from the same numbers.
std::string html_figure(const XyChart& chart, const std::string& more);

}  // namespace thaw
