// What the terminal can show: colours and progress only where a person watches.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

namespace thaw::cli {

/// True where `stream` is a terminal.
bool is_terminal(std::FILE* stream);

/// True where colours may be written: a terminal, and the variable NO_COLOR is unset or empty.
bool has_colours(std::FILE* stream);

/// Columns of the terminal that `stream` is; 80 where it does not say.
size_t terminal_columns(std::FILE* stream);

/// The first `columns` characters of UTF-8 text, "..." in the place of the last three where more follow.
std::string cut_to_columns(const std::string& text, size_t columns);

/// `text` in red for `stream`, or as it is where colours may not be written.
std::string red(const std::string& text, std::FILE* stream);

/// Several lines to one that is fit for a terminal: line breaks become spaces, other control characters and
/// bytes that are not UTF-8 become '?'.
std::string one_line(const std::string& text);

/// Prints to standard error. What cannot be written there (a full disk behind a redirection) is dropped: a
/// run does not end for its remarks.
template <class... Values>
void print_remark(fmt::format_string<Values...> format, Values&&... values) {
  const std::string text = fmt::format(format, std::forward<Values>(values)...);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace thaw::cli
