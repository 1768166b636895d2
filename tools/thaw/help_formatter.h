// How the texts of --help look: an option, the word that follows it, what it does, its range and its default.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace thaw::cli {

class HelpFormatter : public CLI::Formatter {
 public:
  /// One option in lines of at most 100 columns, the description indented.
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
};

}  // namespace thaw::cli
