#include "tools/thaw/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "sim/base/printable.h"

namespace thaw::cli {

bool is_terminal(std::FILE* stream) {
  return isatty(fileno(stream)) == 1;
}

bool has_colours(std::FILE* stream) {
  const char* refused = std::getenv("NO_COLOR");
  return is_terminal(stream) && (refused == nullptr || *refused == '\0');
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
