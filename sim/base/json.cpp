// nlohmann/json parses and escapes; what it lets pass and we do not (duplicate keys, depth) is caught in its
// callback, and its messages are turned into ours.
#include "sim/base/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>

#include "sim/base/error.h"

namespace thaw {

namespace {

using nlohmann::json;

// Parsing.

/// Follows the parser through the document to know the path of each key.
class StrictCallback {
 public:
  explicit StrictCallback(const std::string& file_name) : file_name_(file_name) {}

  bool operator()(int /*depth*/, json::parse_event_t event, json& parsed) {
    switch (event) {
      case json::parse_event_t::object_start:
      case json::parse_event_t::array_start:
        if (levels_.size() >= max_json_depth)
          throw Error(where(), "nesting is deeper than " + std::to_string(max_json_depth) + " levels");
        levels_.emplace_back();
        break;
      case json::parse_event_t::key: {
        const auto& key = parsed.get_ref<const std::string&>();
        if (!levels_.back().seen.insert(key).second)
          throw Error(where(), "the key \"" + key + "\" appears twice", "Remove one of them");
        levels_.back().key = key;
        break;
      }
      case json::parse_event_t::object_end:
      case json::parse_event_t::array_end:
        levels_.pop_back();
        break;
      case json::parse_event_t::value:
        break;
    }
    return true;
  }

 private:
  struct Level {
    std::set<std::string> seen;
    std::string key;
  };

  std::string where() const {
    std::string path;
    for (size_t i = 0; i + 1 < levels_.size(); ++i)
      if (!levels_[i].key.empty()) path += (path.empty() ? "" : ".") + levels_[i].key;
    return path.empty() ? file_name_ : file_name_ + ": " + path;
  }

  const std::string& file_name_;
  std::vector<Level> levels_;
};

/// Of nlohmann's "[json.exception.parse_error.101] parse error at line 1, column 5: text" the text; of
/// messages without a position all behind the bracket.
std::string parser_text(const std::string& message) {
  const size_t column = message.find("column ");
  const char* separator = column == std::string::npos ? "] " : ": ";
  const size_t start = message.find(separator, column == std::string::npos ? 0 : column);
  return start == std::string::npos ? message : message.substr(start + 2);
}

size_t line_of(std::string_view text, size_t offset) {
  return 1 + static_cast<size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

// Messages.

std::string found(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

/// Edits (insert, delete, replace one character) that turn a into b.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// Writing.

std::string double_text(double value) {
  std::array<char, 40> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  std::string text(buffer.data(), result.ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

class CanonicalWriter {
 public:
  using Value = nlohmann::ordered_json;

  void write(const Value& value, const std::string& path, size_t depth) {
    if (value.is_object())
      write_object(value, path, depth);
    else if (value.is_array())
      write_array(value, path, depth);
    else if (value.is_number_float())
      write_double(value.get<double>(), path);
    else
      write_scalar(value, path);
  }

  std::string text;

 private:
  void write_object(const Value& object, const std::string& path, size_t depth) {
    if (object.empty()) {
      text += "{}";
      return;
    }
    text += '{';
    bool first = true;
    for (const auto& [key, value] : object.items()) {
      next_line(first, depth + 1);
      write_scalar(key, path);
      text += ": ";
      write(value, path.empty() ? key : path + "." + key, depth + 1);
    }
    line(depth);
    text += '}';
  }

  void write_array(const Value& array, const std::string& path, size_t depth) {
    const bool plain = std::ranges::none_of(array, [](const Value& v) { return v.is_structured(); });
    text += '[';
    bool first = true;
    size_t index = 0;
    for (const Value& value : array) {
      if (plain && !first) text += ", ";
      if (!plain) next_line(first, depth + 1);
      first = false;
      write(value, path + "[" + std::to_string(index++) + "]", depth + 1);
    }
    if (!plain) line(depth);
    text += ']';
  }

  void write_scalar(const Value& value, const std::string& path) {
    try {
      text += value.dump();
    } catch (const Value::type_error&) {
      throw Error(path.empty() ? "JSON" : path, "is not valid UTF-8");
    }
  }

  void write_double(double value, const std::string& path) {
    if (!std::isfinite(value)) throw Error(path.empty() ? "JSON" : path, "is not a finite number");
    text += double_text(value);
  }

  void next_line(bool& first, size_t depth) {
    if (!first) text += ',';
    first = false;
    line(depth);
  }

  void line(size_t depth) { text += '\n' + std::string(2 * depth, ' '); }
};

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& file_name) {
  const auto place = [&](size_t offset) {
    return file_name + ": line " + std::to_string(line_of(text, offset)) + ", byte " + std::to_string(offset);
  };
  // The parser takes a zero byte for the end of its input.
  if (const size_t zero = text.find('\0'); zero != std::string_view::npos)
    throw Error(place(zero), "found a zero byte", "Expected one valid JSON value in UTF-8");
  try {
    return json::parse(text, StrictCallback(file_name));
  } catch (const json::parse_error& error) {
    throw Error(place(error.byte > 0 ? error.byte - 1 : 0), parser_text(error.what()),
                "Expected one valid JSON value in UTF-8");
  } catch (const json::exception& error) {  // numbers beyond binary64
    throw Error(file_name, parser_text(error.what()), "Expected one valid JSON value in UTF-8");
  }
}

nlohmann::json read_json_file(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path, max_json_bytes);
  return parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

std::string JsonView::where() const {
  return path_.empty() ? file_name_ : file_name_ + ": " + path_;
}

void JsonView::fail(const std::string& what_is_wrong, const std::string& hint) const {
  throw Error(where(), what_is_wrong, hint);
}

void JsonView::expected(const std::string& what_was_expected, const std::string& hint) const {
  fail("expected " + what_was_expected + ", found " + found(*value_), hint);
}

std::optional<JsonView> JsonView::optional_field(std::string_view key) const {
  if (!is_object()) expected("an object");
  const auto it = value_->find(std::string(key));
  if (it == value_->end() || it->is_null()) return std::nullopt;
  return JsonView(*it, file_name_, path_.empty() ? std::string(key) : path_ + "." + std::string(key));
}

JsonView JsonView::field(std::string_view key) const {
  std::optional<JsonView> view = optional_field(key);
  if (!view) fail("the key \"" + std::string(key) + "\" is missing");
  return *view;
}

std::vector<std::string> JsonView::keys() const {
  if (!is_object()) expected("an object");
  std::vector<std::string> result;
  for (const auto& [key, value] : value_->items()) result.push_back(key);
  return result;
}

void JsonView::known_keys(std::initializer_list<std::string_view> known) const {
  for (const std::string& key : keys()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    std::string_view nearest = known.size() == 0 ? std::string_view("") : *known.begin();
    for (std::string_view candidate : known)
      if (edit_distance(key, candidate) < edit_distance(key, nearest)) nearest = candidate;
    fail("unknown key \"" + key + "\"",
         known.size() == 0 ? "" : "Did you mean \"" + std::string(nearest) + "\"?");
  }
}

std::vector<JsonView> JsonView::items() const {
  if (!is_array()) expected("an array");
  std::vector<JsonView> result;
  for (size_t i = 0; i < value_->size(); ++i)
    result.emplace_back((*value_)[i], file_name_, path_ + "[" + std::to_string(i) + "]");
  return result;
}

size_t JsonView::size() const {
  if (!is_array()) expected("an array");
  return value_->size();
}

const std::string& JsonView::string() const {
  if (!is_string()) expected("a string");
  return value_->get_ref<const std::string&>();
}

bool JsonView::boolean() const {
  if (!is_boolean()) expected("true or false");
  return value_->get<bool>();
}

int64_t JsonView::integer(int64_t lowest, int64_t highest) const {
  const bool beyond = value_->is_number_unsigned() && value_->get<uint64_t>() > uint64_t{INT64_MAX};
  if (!is_integer() || beyond || value_->get<int64_t>() < lowest || value_->get<int64_t>() > highest) {
    const bool bounded = lowest != INT64_MIN || highest != INT64_MAX;
    expected(bounded ? "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest)
                     : "a whole number");
  }
  return value_->get<int64_t>();
}

double JsonView::number(double lowest, double highest) const {
  if (!is_number() || value_->get<double>() < lowest || value_->get<double>() > highest) {
    const bool bounded =
        lowest != std::numeric_limits<double>::lowest() || highest != std::numeric_limits<double>::max();
    expected(bounded ? "a number from " + double_text(lowest) + " to " + double_text(highest) : "a number");
  }
  return value_->get<double>();
}

size_t JsonView::one_of(std::initializer_list<std::string_view> choices) const {
  std::string list;
  for (std::string_view choice : choices) list += (list.empty() ? "\"" : ", \"") + std::string(choice) + "\"";
  if (!is_string()) expected("one of " + list);
  const auto it = std::ranges::find(choices, string());
  if (it == choices.end()) expected("one of " + list);
  return static_cast<size_t>(it - choices.begin());
}

void check_schema_version(const JsonView& document, int supported_major) {
  const JsonView version = document.field("schema_version");
  if (version.integer(1) > supported_major)
    version.fail("is " + std::to_string(version.integer()) + ", but this program reads versions up to " +
                     std::to_string(supported_major),
                 "Use a newer version of thaw");
}

std::string json_text(const nlohmann::ordered_json& value) {
  CanonicalWriter writer;
  writer.write(value, "", 0);
  return writer.text + '\n';
}

void write_json_file(const std::filesystem::path& path, const nlohmann::ordered_json& value) {
  write_file_atomically(path, json_text(value));
}

}  // namespace thaw
