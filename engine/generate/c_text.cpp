#include "engine/generate/c_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace thaw {
namespace {

constexpr size_t kLongestIdentifier = 40;
constexpr size_t kLongestComment = 80;
constexpr size_t kColumns = 110;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

template <class T>
std::string elements(std::span<const std::byte> bytes) {
  std::string text;
  size_t column = 0;
  for (size_t at = 0; at < bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    // The smallest int32 has no literal of its own type.
    const bool smallest = static_cast<int64_t>(value) == INT32_MIN;
    const std::string number = smallest ? "INT32_MIN" : fmt::format("{}", value);
    if (at > 0) {
      text += ',';
      ++column;
      if (column + number.size() + 1 > kColumns) {
        text += "\n ";
        column = 1;
      }
    }
    text += number;
    column += number.size();
  }
  return text;
}

}  // namespace

std::string identifier(std::string_view name, int32_t number) {
  std::string text;
  for (char c : name.substr(0, kLongestIdentifier)) text += is_letter_or_digit(c) ? c : '_';
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) text = "n" + text;
  return text + "_" + std::to_string(number);
}

std::string comment_text(std::string_view name) {
  std::string text;
  for (char c : name.substr(0, kLongestComment))
    text += c >= ' ' && c <= '~' && c != '\\' && c != '?' ? c : '_';
  for (size_t at = text.find("*/"); at != std::string::npos; at = text.find("*/", at)) text[at] = '_';
  for (size_t at = text.find("/*"); at != std::string::npos; at = text.find("/*", at)) text[at] = '_';
  return text;
}

int64_t c_type_bytes(std::string_view type) {
  if (type == "int8_t" || type == "uint8_t") return 1;
  if (type == "int16_t" || type == "uint16_t" || type == "thaw_gradient_state") return 2;
  if (type == "int32_t" || type == "float") return 4;
  assert(type == "thaw_step_result");
  return 16;
}

std::string constant_array(std::string_view type, const std::string& name, std::span<const std::byte> bytes) {
  const int64_t count = static_cast<int64_t>(bytes.size()) / c_type_bytes(type);
  std::string values;
  if (type == "int8_t") values = elements<int8_t>(bytes);
  if (type == "uint8_t") values = elements<uint8_t>(bytes);
  if (type == "int16_t") values = elements<int16_t>(bytes);
  if (type == "uint16_t") values = elements<uint16_t>(bytes);
  if (type == "int32_t") values = elements<int32_t>(bytes);
  return fmt::format("static const {} {}[{}] = {{\n {}}};\n", type, name, count, values);
}

std::string float_text(float value) {
  return fmt::format("{:a}F", value);
}

}  // namespace thaw
