#include "reports/escape.h"

#include "sim/base/printable.h"

namespace thaw {

std::string clipped(std::string_view text, size_t most) {
  constexpr std::string_view kEllipsis = "…";
  size_t end = text.size();
  if (end > most) {
    end = most > kEllipsis.size() ? most - kEllipsis.size() : 0;
    const auto is_continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
    while (end > 0 && is_continuation(text[end])) --end;
  }
  std::string result = printable(text.substr(0, end));
  if (end < text.size()) result += kEllipsis;
  return result;
}

std::string html_text(std::string_view text, size_t most) {
  std::string result;
  for (char c : clipped(text, most)) switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  return result;
}

std::string markdown_text(std::string_view text, size_t most) {
  std::string result;
  for (char c : clipped(text, most)) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '@') {
      result += "&#64;";  // a mention would notify a stranger
    } else if (c == '#') {
      result += "&#35;";  // so would a link to an issue
    } else if (c == ':') {
      result += "&#58;";  // of bare addresses
    } else {
      if (std::string_view("\\`*_[]|~").find(c) != std::string_view::npos) result += '\\';
      result += c;
    }
  }
  return result;
}

std::string csv_field(std::string_view text, size_t most) {
  std::string field = clipped(text, most);
  const bool formula = !field.empty() && std::string_view("=+-@").find(field[0]) != std::string_view::npos;
  const bool number = field.size() > 1 && field.find_first_not_of("+-0123456789.eE") == std::string::npos;
  if (formula && !number) field.insert(0, "'");
  if (field.find_first_of(",\"") == std::string::npos) return field;
  std::string quoted = "\"";
  for (char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace thaw
