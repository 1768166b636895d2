// `thaw help [CMD]`: the same text as `thaw CMD --help`; and what packages are made with: the manual page and
// the completion of shells.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tools/thaw/command.h"
#include "tools/thaw/completion.h"
#include "tools/thaw/man_page.h"

namespace thaw::cli {
namespace {

struct Options {
  std::string topic, shell;
  bool manual = false;
};

std::string completion(const CLI::App& root, const std::string& shell) {
  if (shell == "zsh") return zsh_completion(root);
  return shell == "fish" ? fish_completion(root) : bash_completion(root);
}

std::string help_of(const CLI::App& root, const std::string& topic) {
  if (topic.empty()) return root.get_formatter()->make_help(&root, "thaw", CLI::AppFormatMode::Normal);
  const auto commands = root.get_subcommands([](const CLI::App*) { return true; });
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const CLI::App* command) { return command->get_name() == topic; });
  if (found == commands.end())
    throw CLI::ValidationError("'" + topic + "' is not a command: 'thaw --help' lists them");
  return (*found)->help("thaw");
}

}  // namespace

Command add_help(CLI::App& root) {
  CLI::App* app = root.add_subcommand("help", "Show how a command is used");
  auto options = std::make_shared<Options>();
  app->add_option("COMMAND", options->topic, "Name of a command");
  app->add_option("--completion", options->shell, "Print the script that completes words in this shell")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  app->add_flag("--man", options->manual, "Print the manual page, for man");
  return {app, [options, &root] {
            if (!options->shell.empty())
              std::cout << completion(root, options->shell);
            else
              std::cout << (options->manual ? man_page(root) : help_of(root, options->topic));
            return static_cast<int>(kDone);
          }};
}

}  // namespace thaw::cli
