#include "reports/html_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/escape.h"
#include "reports/number_text.h"

namespace thaw {
namespace {

std::string cell_html(const HtmlCell& cell, bool row_header) {
  const char* tag = row_header ? "th scope=\"row\"" : "td";
  const char* end = row_header ? "th" : "td";
  if (cell.is_number)
    return fmt::format("<{} class=\"n\" data-v=\"{}\">{}</{}>", tag, cell.number, cell.html, end);
  return fmt::format("<{}{}>{}</{}>", tag, cell.wide ? " class=\"wide\"" : "", cell.html, end);
}

}  // namespace

HtmlCell text_cell(const std::string& text) {
  return {html_text(text), false, 0.0, false};
}
HtmlCell wide_cell(const std::string& text) {
  return {html_text(text, 300), false, 0.0, true};
}
HtmlCell number_cell(const std::string& text, double number) {
  return {html_text(text), true, number, false};
}

HtmlCell kib_cell(int64_t bytes) {
  return number_cell(kib_text(bytes), static_cast<double>(bytes));
}
HtmlCell share_cell(double share) {
  return number_cell(fmt::format("{:.2f}", 100.0 * share), share);
}
HtmlCell metric_cell(MetricKind metric, double value) {
  return number_cell(metric_text(metric, value, false), value);
}
HtmlCell count_cell(int64_t count) {
  return number_cell(grouped_text(count), static_cast<double>(count));
}

HtmlCell rate_cell(double learning_rate) {
  return number_cell(fmt::format("{:.3g}", learning_rate), learning_rate);
}

std::string html_table(const HtmlTable& table, size_t most_bytes) {
  std::string rows;
  size_t shown = 0;
  for (; shown < table.rows.size() && rows.size() < most_bytes; ++shown) {
    const bool marked = std::find(table.marked.begin(), table.marked.end(), shown) != table.marked.end();
    rows += marked ? "<tr class=\"chosen\">" : "<tr>";
    for (size_t i = 0; i < table.rows[shown].size(); ++i) rows += cell_html(table.rows[shown][i], i == 0);
    rows += "</tr>\n";
  }
  std::string head;
  for (const std::string& name : table.header)
    head += name.starts_with('>')
                ? fmt::format("<th scope=\"col\" class=\"n\">{}</th>", html_text(name.substr(1)))
                : fmt::format("<th scope=\"col\">{}</th>", html_text(name));
  std::string caption = html_text(table.caption);
  if (shown < table.rows.size())
    caption += fmt::format(" ({} more rows are left out here)", table.rows.size() - shown);
  return fmt::format(
      "<div class=\"scroll{}\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table class=\"sortable\">"
      "<caption>{}</caption><thead><tr>{}</tr></thead>\n<tbody>{}</tbody></table></div>\n",
      table.rows.size() > 30 ? " tall" : "", caption, caption, head, rows);
}

}  // namespace thaw
