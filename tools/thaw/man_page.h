// The manual page of the program in roff, made from the table of commands.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace thaw::cli {

std::string man_page(const CLI::App& root);

}  // namespace thaw::cli
