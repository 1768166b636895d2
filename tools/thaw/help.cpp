// `thaw help [CMD]`: the same text as `thaw CMD --help`.
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tools/thaw/command.h"

namespace thaw::cli {

Command add_help(CLI::App& root) {
  CLI::App* app = root.add_subcommand("help", "Show how a command is used");
  auto topic = std::make_shared<std::string>();
  app->add_option("COMMAND", *topic, "Name of a command");
  return {app, [topic, &root] {
            if (topic->empty()) {
              std::cout << root.get_formatter()->make_help(&root, "thaw", CLI::AppFormatMode::Normal);
              return static_cast<int>(kDone);
            }
            const std::vector<CLI::App*> commands = root.get_subcommands({});
            const auto found = std::find_if(commands.begin(), commands.end(),
                                            [&](const CLI::App* c) { return c->get_name() == *topic; });
            if (found == commands.end())
              throw CLI::ValidationError("'" + *topic + "' is not a command: 'thaw --help' lists them");
            std::cout << (*found)->help("thaw");
            return static_cast<int>(kDone);
          }};
}

}  // namespace thaw::cli
