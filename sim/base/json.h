// Strict JSON for everything we read, and one canonical way to write it. A `JsonView` knows where in which
// file its value stands, so that every complaint about it names the place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/file.h"

namespace thaw {

/// Files larger than this are not ours; nesting deeper than this neither.
constexpr uint64_t max_json_bytes = uint64_t{256} << 20;
constexpr size_t max_json_depth = 64;

/// Parses strictly: duplicate keys, NaN and infinities, numbers beyond binary64, comments, trailing
/// characters, invalid UTF-8 and nesting beyond `max_json_depth` are refused. Throws Error naming `file_name`
/// and line and byte offset, or the path of the duplicate key.
nlohmann::json parse_json(std::string_view text, const std::string& file_name);

/// The same for a whole file of at most `max_json_bytes`.
nlohmann::json read_json_file(const std::filesystem::path& path);

/// One value inside a parsed document, which must outlive the view. All functions throw Error with the place
/// and what was found, for example: schedule.json: update[3].weights: expected "none", "all" or an object,
/// found 7.
class JsonView {
 public:
  JsonView(const nlohmann::json& value, std::string file_name, std::string path = "")
      : value_(&value), file_name_(std::move(file_name)), path_(std::move(path)) {}

  const nlohmann::json& json() const { return *value_; }
  const std::string& file_name() const { return file_name_; }
  const std::string& path() const { return path_; }  // "update[3].weights"; empty for the whole document

  bool is_object() const { return value_->is_object(); }
  bool is_array() const { return value_->is_array(); }
  bool is_string() const { return value_->is_string(); }
  bool is_number() const { return value_->is_number(); }
  bool is_integer() const { return value_->is_number_integer(); }
  bool is_boolean() const { return value_->is_boolean(); }
  bool is_null() const { return value_->is_null(); }

  /// A key of an object that must be there.
  JsonView field(std::string_view key) const;
  /// A key of an object that may be missing; null counts as missing.
  std::optional<JsonView> optional_field(std::string_view key) const;
  /// Keys of an object, sorted.
  std::vector<std::string> keys() const;
  /// Refuses keys outside `known`, with the nearest known one as the hint.
  void known_keys(std::initializer_list<std::string_view> known) const;

  /// Elements of an array, in order; and how many.
  std::vector<JsonView> items() const;
  size_t size() const;

  const std::string& string() const;
  bool boolean() const;
  /// A whole number within lowest..highest, both inclusive; 3.0 is not one.
  int64_t integer(int64_t lowest = INT64_MIN, int64_t highest = INT64_MAX) const;
  /// Any number, a finite binary64, within lowest..highest.
  double number(double lowest = std::numeric_limits<double>::lowest(),
                double highest = std::numeric_limits<double>::max()) const;
  /// A string that is one of `choices`; returns its position there.
  size_t one_of(std::initializer_list<std::string_view> choices) const;

  /// Throws: expected `expected`, found this value.
  [[noreturn]] void expected(const std::string& what_was_expected, const std::string& hint = "") const;
  /// Throws with this place and a message of your own.
  [[noreturn]] void fail(const std::string& what_is_wrong, const std::string& hint = "") const;

 private:
  std::string where() const;

  const nlohmann::json* value_;
  std::string file_name_;
  std::string path_;
};

/// Refuses a document whose integer `schema_version` is missing, below 1, or above `supported_major`.
void check_schema_version(const JsonView& document, int supported_major);

/// Canonical text: keys in the order given, two spaces of indentation, arrays of plain values on one line,
/// doubles as the shortest text that reads back equal (always with '.' or 'e'), a newline at the end. Equal
/// values give equal bytes. Numbers that are not finite have no JSON form: throws Error naming their path.
std::string json_text(const nlohmann::ordered_json& value);

/// Writes `json_text(value)` under a temporary name, then renames it.
void write_json_file(const std::filesystem::path& path, const nlohmann::ordered_json& value);

}  // namespace thaw
