// Scripts that complete the program's words in a shell, made from the table of commands.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace thaw::cli {

std::string bash_completion(const CLI::App& root);
std::string zsh_completion(const CLI::App& root);
std::string fish_completion(const CLI::App& root);

}  // namespace thaw::cli
