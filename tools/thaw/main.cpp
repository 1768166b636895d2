// `thaw`: reads the command line, runs one subcommand, and turns what went wrong into one line on standard
// error and an exit code: 0 done, 1 bad input or failed run, 2 a gate failed, 64 wrong usage.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "search/mpi/ranks.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/nearest_name.h"
#include "sim/exec/host/instruction_set.h"
#include "tools/thaw/command.h"
#include "tools/thaw/help_formatter.h"
#include "tools/thaw/run_record.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {
namespace {

void print_error(const std::string& message) {
  print_remark("thaw: {} {}\n", red("error:", stderr), one_line(message));
}

/// What was printed and has not left yet: a full disk behind a redirection shows here at the latest.
void flush_output() {
  std::cout.flush();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout)
    throw Error("standard output", "cannot be written: " + std::generic_category().message(errno),
                "Is the disk full?");
}

/// Reads a configuration file as any other input is read, for its complaints; CLI11 then reads it again.
CLI::Validator readable_config() {
  constexpr uint64_t kMostConfigBytes = uint64_t{1} << 20;
  return {[](const std::string& path) {
            read_file(path, kMostConfigBytes);
            return std::string();
          },
          "FILE"};
}

/// A configuration file whose keys outside any [section] mean the subcommand that was called.
class CommandConfig : public CLI::ConfigTOML {
 public:
  explicit CommandConfig(const CLI::App& root) : root_(root) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    std::vector<CLI::ConfigItem> read = CLI::ConfigTOML::from_config(input);
    const std::vector<const CLI::App*> called = root_.get_subcommands({});
    for (CLI::ConfigItem& item : read)
      if (item.parents.empty())
        for (const CLI::App* command : called)
          if (root_.got_subcommand(command->get_name())) item.parents.push_back(command->get_name());
    return read;
  }

 private:
  const CLI::App& root_;
};

/// The long option names that the called subcommand knows.
std::vector<std::string> option_names(const CLI::App& root) {
  std::vector<std::string> names;
  const auto collect = [&](const CLI::App& app) {
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  };
  collect(root);
  for (const CLI::App* command : root.get_subcommands()) collect(*command);
  return names;
}

std::vector<std::string> command_names(const CLI::App& root) {
  std::vector<std::string> names;
  for (const CLI::App* command : root.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::string hint(const std::string& nearest, const std::string& otherwise) {
  return nearest.empty() ? otherwise : "Did you mean '" + nearest + "'?";
}

/// What was wrong with the command line, and the nearest thing that would have been right.
std::string usage_message(const CLI::App& root, const CLI::ParseError& error, int argc,
                          const char* const* argv) {
  const std::vector<std::string> commands = command_names(root);
  const std::string first = argc > 1 ? argv[1] : "";
  const auto called = root.get_subcommands();
  const std::string see =
      called.empty() ? "See 'thaw --help'" : "See 'thaw help " + called[0]->get_name() + "'";
  if (called.empty() && !first.empty() && first[0] != '-')
    return "'" + first + "' is not a command. " + hint(nearest_name(first, commands), see);
  if (called.empty() && first.empty()) return "no command given. " + see;
  const auto unknown = std::find_if(argv + 1, argv + argc, [&](const std::string& word) {
    if (!word.starts_with("--")) return false;
    const std::vector<std::string> names = option_names(root);
    return std::find(names.begin(), names.end(), word.substr(0, word.find('='))) == names.end();
  });
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && unknown != argv + argc) {
    const std::string word = std::string(*unknown).substr(0, std::string(*unknown).find('='));
    return "there is no option " + word + ". " + hint(nearest_name(word, option_names(root)), see);
  }
  return one_line(error.what()) + ". " + see;
}

int run(int argc, const char* const* argv) {
  CLI::App root(
      "Finds, proves and exports sparse-update schedules for training int8 models on microcontrollers.",
      "thaw");
  root.formatter(std::make_shared<HelpFormatter>());
  root.set_version_flag("--version", "thaw " THAW_VERSION);
  root.set_config("--config", "",
                  "Read options from a TOML file: keys are option names, sections are commands")
      ->check(readable_config());
  root.config_formatter(std::make_shared<CommandConfig>(root));
  root.allow_config_extras(CLI::config_extras_mode::error);
  root.require_subcommand(1);
  root.fallthrough();  // --config may stand after the command
  root.footer("'thaw help COMMAND' shows the options of a command and two examples.");
  const std::vector<Command> commands = {add_inspect(root),  add_plan(root),   add_infer(root),
                                         add_train(root),    add_search(root), add_convert(root),
                                         add_generate(root), add_report(root), add_help(root)};
  try {
    root.parse(argc, argv);
    for (const Command& command : commands)
      if (command.app->parsed()) {
        const int status = command.run();
        flush_output();
        return status;
      }
  } catch (const CLI::Success& asked_for_text) {
    const int status = root.exit(asked_for_text);  // --help, --version
    flush_output();
    return status;
  } catch (const CLI::FileError& error) {
    print_error(error.what());
    return kInputError;
  } catch (const CLI::ParseError& error) {
    print_error(usage_message(root, error, argc, argv));
    return kWrongUsage;
  }
  return kWrongUsage;
}

}  // namespace
}  // namespace thaw::cli

int main(int argc, char** argv) {
  using namespace thaw::cli;
  remember_command(argc, argv);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that reached the limit of its size is an error like a full disk
  try {
    thaw::Ranks::go_on_with_mpi(argv);
    thaw::instruction_set();  // a wrong THAW_INSTRUCTION_SET is said before anything is read
    return run(argc, argv);
  } catch (const thaw::Error& error) {
    print_error(error.what());
  } catch (const std::bad_alloc&) {
    print_error("out of memory");
  } catch (const std::exception& error) {
    print_error(error.what());
  }
  return kInputError;
}
