// Tables of a page: sortable, scrolling by themselves on a narrow screen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/metric_kind.h"

namespace thaw {

/// One cell. `html` is already escaped; a cell with `number` is right-aligned and sorts by it.
struct HtmlCell {
  std::string html;
  bool is_number = false;
  double number = 0.0;
  bool wide = false;  // long text
};

HtmlCell text_cell(const std::string& text);  // escapes
HtmlCell wide_cell(const std::string& text);
HtmlCell number_cell(const std::string& text, double number);
HtmlCell kib_cell(int64_t bytes);                       // in KiB
HtmlCell share_cell(double share);                      // 0..1, in percent
HtmlCell metric_cell(MetricKind metric, double value);  // accuracy in percent
HtmlCell count_cell(int64_t count);                     // grouped
HtmlCell rate_cell(double learning_rate);

struct HtmlTable {
  std::string caption;              // said by screen readers; escaped here
  std::vector<std::string> header;  // '>' first: a column of numbers
  std::vector<std::vector<HtmlCell>> rows;
  std::vector<size_t> marked;  // rows to set apart
};

/// Ends after `most_bytes` of rows, and then says how many rows are left out.
std::string html_table(const HtmlTable& table, size_t most_bytes = 400'000);

}  // namespace thaw
