#include "tools/thaw/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace thaw::cli {
namespace {

/// Characters of UTF-8 text: bytes that do not continue a character.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

Table::Table(std::vector<std::string> header) {
  for (std::string& cell : header) {
    right_.push_back(cell.starts_with('>'));
    if (right_.back()) cell.erase(0, 1);
  }
  rows_.push_back(std::move(header));
}

void Table::add(std::vector<std::string> row) {
  assert(row.size() == rows_.front().size());
  rows_.push_back(std::move(row));
}

void Table::print(std::FILE* stream) const {
  std::vector<size_t> widths(right_.size(), 0);
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width(row[i]), ' ');
      if (i > 0) line += "  ";
      line += right_[i] ? padding : row[i];
      line += right_[i] ? row[i] : padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print(stream, "{}\n", line);
  }
}

}  // namespace thaw::cli
