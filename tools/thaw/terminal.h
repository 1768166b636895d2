// What the terminal can show: colours and progress only where a person watches.
#pragma once

#include <cstdio>
#include <string>

namespace thaw::cli {

/// True where `stream` is a terminal.
bool is_terminal(std::FILE* stream);

/// True where colours may be written: a terminal, and the variable NO_COLOR is unset or empty.
bool has_colours(std::FILE* stream);

/// `text` in red for `stream`, or as it is where colours may not be written.
std::string red(const std::string& text, std::FILE* stream);

/// Several lines to one: line breaks become spaces.
std::string one_line(const std::string& text);

}  // namespace thaw::cli
