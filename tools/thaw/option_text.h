// An option of the command table in words: what help, man page and completions say of it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace thaw::cli {

struct OptionText {
  std::string names;        // "-o,--output"; of a positional its name
  std::string value;        // what stands after it: "N", "FILE", "auto|keep|fresh"; empty for a switch
  std::string description;  // a sentence
  std::string limits;       // "required; 1 to 1000; default 3", or empty
  std::vector<std::string> choices;  // where only these words are accepted
};

OptionText option_text(const CLI::Option& option);

/// Options of a command that can be named, and those that are known by their place, in the table's order.
std::vector<const CLI::Option*> named_options(const CLI::App& command);
std::vector<const CLI::Option*> positionals(const CLI::App& command);

/// `text` in lines of at most `width` columns, broken at spaces; a longer word stands alone.
std::vector<std::string> wrapped(const std::string& text, size_t width);

}  // namespace thaw::cli
