// Line by line; the first line decides on separator, names and number of columns.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "sim/base/error.h"
#include "sim/data/recording.h"

namespace thaw {
namespace {

constexpr size_t most_columns = 65'536;

std::string_view trimmed(std::string_view text) {
  const std::string_view blanks = " \t\r";
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

char separator_of(std::string_view line) {
  for (char separator : {'\t', ';', ','})
    if (line.find(separator) != std::string_view::npos) return separator;
  return ' ';
}

/// The fields of a line without blanks and quotes around them. Blanks as separator count as one.
void split_fields(std::string_view line, char separator, std::vector<std::string_view>& fields) {
  fields.clear();
  if (separator == ' ') line = trimmed(line);
  while (true) {
    const size_t end = line.find(separator);
    std::string_view field = trimmed(line.substr(0, end));
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
      field = trimmed(field.substr(1, field.size() - 2));
    fields.push_back(field);
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + 1);
    if (separator == ' ') line = trimmed(line);
  }
}

/// The value of a field; nothing where it is no number. `comma`: a comma is the decimal point.
std::optional<float> number_of(std::string_view field, bool comma) {
  char text[64];
  if (field.starts_with('+')) field.remove_prefix(1);
  if (field.empty() || field.size() > sizeof text) return std::nullopt;
  std::transform(field.begin(), field.end(), text, [&](char c) { return comma && c == ',' ? '.' : c; });
  double value = 0.0;
  const auto [rest, error] = std::from_chars(text, text + field.size(), value);
  if (error != std::errc() || rest != text + field.size()) return std::nullopt;
  return static_cast<float>(value);
}

bool counts_time(std::string_view name) {
  std::string small(name);
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return small.empty() || small == "t" || small == "index" || small.starts_with("time");
}

/// A table as far as it is read.
struct Table {
  const std::string& where;
  Recording recording;
  char separator = 0;  // 0: no line yet
  size_t columns = 0;
  size_t first_line = 0;
  size_t skipped_columns = 0;

  bool decimal_comma() const { return separator == '\t' || separator == ';'; }

  /// Takes the names of the channels, unless the line holds numbers. Returns whether it did.
  bool take_names(const std::vector<std::string_view>& fields) {
    const bool has_number = std::any_of(fields.begin(), fields.end(), [&](std::string_view field) {
      return number_of(field, decimal_comma()).has_value();
    });
    if (has_number) return false;
    recording.names.assign(fields.begin(), fields.end());
    if (fields.size() > 1 && counts_time(fields[0])) {
      skipped_columns = 1;
      recording.left_out = fields[0].empty() ? "(no name)" : recording.names[0];
      recording.names.erase(recording.names.begin());
    }
    return true;
  }

  void add_row(const std::vector<std::string_view>& fields, size_t line) {
    const std::string at = where + ", line " + std::to_string(line);
    if (fields.size() != columns)
      throw Error(at,
                  "has " + std::to_string(fields.size()) + " columns, line " + std::to_string(first_line) +
                      " has " + std::to_string(columns),
                  "Give every line the same columns");
    for (size_t column = skipped_columns; column < columns; ++column) {
      const std::optional<float> value = number_of(fields[column], decimal_comma());
      if (!value || !std::isfinite(*value))
        throw Error(at + ", column " + std::to_string(column + 1),
                    "'" + std::string(fields[column].substr(0, 40)) + "' is no number that float32 holds",
                    "Fill gaps, and leave out columns that are no channels");
      recording.values.push_back(*value);
    }
  }
};

}  // namespace

Recording parse_csv(std::span<const std::byte> file, const std::string& where) {
  std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // how some programs mark UTF-8
  Table table{where, {}};
  std::vector<std::string_view> fields;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find_first_of("\r\n");
    const std::string_view line = text.substr(0, end);
    if (end == std::string_view::npos)
      text = {};
    else
      text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
    const std::string_view content = trimmed(line);
    if (content.empty() || content.front() == '#') continue;
    const bool is_first = table.separator == 0;
    if (is_first) table.separator = separator_of(content.size() == line.size() ? line : content);
    split_fields(line, table.separator, fields);
    if (is_first) {
      table.columns = fields.size();
      table.first_line = number;
      if (table.columns > most_columns)
        throw Error(where, "has " + std::to_string(table.columns) + " columns", "A column is a channel");
      if (table.take_names(fields)) continue;
    }
    table.add_row(fields, number);
  }
  table.recording.channels = static_cast<int32_t>(table.columns - table.skipped_columns);
  if (table.recording.values.empty())
    throw Error(where, "holds no line of numbers", "Write a line an instant, a column a channel");
  return std::move(table.recording);
}

}  // namespace thaw
