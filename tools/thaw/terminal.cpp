#include "tools/thaw/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "sim/base/printable.h"

namespace thaw::cli {

bool is_terminal(std::FILE* stream) {
  return isatty(fileno(stream)) == 1;
}

bool has_colours(std::FILE* stream) {
  const char* refused = std::getenv("NO_COLOR");
  return is_terminal(stream) && (refused == nullptr || *refused == '\0');
}

size_t terminal_columns(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string cut_to_columns(const std::string& text, size_t columns) {
  constexpr std::string_view kDots = "...";
  const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  std::vector<size_t> starts;  // of the characters
  for (size_t i = 0; i < text.size(); ++i)
    if (begins_character(text[i])) starts.push_back(i);
  if (starts.size() <= columns) return text;
  if (columns <= kDots.size()) return text.substr(0, starts[columns]);
  return text.substr(0, starts[columns - kDots.size()]) + std::string(kDots);
}

std::string red(const std::string& text, std::FILE* stream) {
  return has_colours(stream) ? "\033[31m" + text + "\033[0m" : text;
}

std::string one_line(const std::string& text) {
  std::string line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return printable(line.substr(0, line.find_last_not_of(' ') + 1));
}

}  // namespace thaw::cli
