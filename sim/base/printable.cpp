// UTF-8 by its definition: RFC 3629, section 4.
#include "sim/base/printable.h"

#include <cstdint>
#include <vector>

namespace thaw {
namespace {

uint8_t byte_at(std::string_view text, size_t i) {
  return i < text.size() ? static_cast<uint8_t>(text[i]) : 0;
}

bool is_tail(uint8_t byte) {
  return byte >= 0x80 && byte <= 0xBF;
}

/// Bytes of the character that begins at `i`, 0 where none does. The second byte's range keeps out overlong
/// forms, surrogates and what lies beyond U+10FFFF.
size_t character_length(std::string_view text, size_t i) {
  const uint8_t first = byte_at(text, i);
  const uint8_t second = byte_at(text, i + 1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_tail(second) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool in_range = second >= (first == 0xE0 ? 0xA0 : 0x80) && second <= (first == 0xED ? 0x9F : 0xBF);
    return in_range && is_tail(byte_at(text, i + 2)) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool in_range = second >= (first == 0xF0 ? 0x90 : 0x80) && second <= (first == 0xF4 ? 0x8F : 0xBF);
    return in_range && is_tail(byte_at(text, i + 2)) && is_tail(byte_at(text, i + 3)) ? 4 : 0;
  }
  return 0;
}

bool is_control(std::string_view text, size_t i) {
  const uint8_t first = byte_at(text, i);
  const bool c1 = first == 0xC2 && byte_at(text, i + 1) < 0xA0;  // U+0080 to U+009F
  const bool not_xml = first == 0xEF && byte_at(text, i + 1) == 0xBF && byte_at(text, i + 2) >= 0xBE;
  return first < 0x20 || first == 0x7F || c1 || not_xml;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    const size_t length = character_length(text, i);
    if (length == 0 || is_control(text, i))
      result += '?';
    else
      result.append(text.substr(i, length));
    i += length == 0 ? 1 : length;
  }
  return result;
}

std::string shortened(std::string_view text, size_t characters) {
  std::string whole = printable(text);
  std::vector<size_t> starts;  // of each character
  for (size_t i = 0; i < whole.size(); i += character_length(whole, i)) starts.push_back(i);
  if (starts.size() <= characters) return whole;
  return whole.substr(0, starts[characters - 3]) + "...";
}

}  // namespace thaw
