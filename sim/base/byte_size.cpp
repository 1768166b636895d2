// Digits, then a unit from a table.
#include "sim/base/byte_size.h"

#include <cctype>
#include <charconv>
#include <cstdio>
#include <limits>

#include "sim/base/error.h"

namespace thaw {
namespace {

constexpr const char* kHint = "write bytes, or a number with K, KiB, M or MiB: 200000, 192K, 1MiB";
constexpr int64_t kMostInFiles = int64_t{1} << 40;

struct Unit {
  const char* name;  // lower case
  int64_t bytes;
};
constexpr Unit kUnits[] = {
    {"", 1},        {"b", 1},         {"k", 1 << 10}, {"kib", 1 << 10},
    {"m", 1 << 20}, {"mib", 1 << 20}, {"g", 1 << 30}, {"gib", 1 << 30},
};

std::string unit_of(std::string_view rest) {
  std::string unit;
  for (char c : rest)
    if (c != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return unit;
}

}  // namespace

int64_t parse_byte_size(std::string_view text, const std::string& where) {
  const std::string quoted = std::string("'").append(text).append("'");
  const std::string found = quoted + " is not a size";
  int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) throw Error(where, quoted + " is too large");
  if (error != std::errc() || number < 0) throw Error(where, found, kHint);
  const std::string unit = unit_of(text.substr(static_cast<size_t>(rest - text.data())));
  if (unit == "kb" || unit == "mb" || unit == "gb")
    throw Error(where, found + ": " + unit + " may mean powers of 1000 or of 1024", kHint);
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    if (number > (int64_t{1} << 62) / known.bytes) throw Error(where, quoted + " is too large");
    return number * known.bytes;
  }
  throw Error(where, found, kHint);
}

int64_t byte_size_field(const JsonView& view) {
  if (!view.is_string()) return view.integer(0, kMostInFiles);
  const int64_t bytes = parse_byte_size(view.string(), view.file_name() + ": " + view.path());
  if (bytes > kMostInFiles) view.expected("at most " + std::to_string(kMostInFiles) + " bytes");
  return bytes;
}

std::string byte_size_text(int64_t bytes) {
  char text[64];
  std::snprintf(text, sizeof text, "%lld bytes (%.1f KiB)", static_cast<long long>(bytes),
                static_cast<double>(bytes) / 1024.0);
  return text;
}

}  // namespace thaw
