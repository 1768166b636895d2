#include "tools/thaw/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "tools/thaw/option_text.h"

namespace thaw::cli {
namespace {

constexpr const char* kMadeFrom = "made by 'thaw help --completion' from the table of commands";

std::vector<const CLI::App*> commands_of(const CLI::App& root) {
  return root.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

/// "-o", "--output"
std::vector<std::string> words_of(const CLI::Option& option) {
  std::vector<std::string> words;
  for (const std::string& name : option.get_snames()) words.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) words.push_back("--" + name);
  return words;
}

/// Text between single quotes of a shell.
std::string quoted(std::string text) {
  for (size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 4))
    text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

/// Text inside the brackets of a zsh specification.
std::string for_zsh(const std::string& text) {
  std::string result;
  for (char c : text) result += std::string(c == '[' || c == ']' || c == ':' || c == '\\' ? "\\" : "") + c;
  return result;
}

std::string zsh_option(const CLI::Option& option) {
  const OptionText text = option_text(option);
  const std::vector<std::string> words = words_of(option);
  std::string value;
  if (!text.choices.empty())
    value = fmt::format(":word:({})", fmt::join(text.choices, " "));
  else if (!text.value.empty())
    value = fmt::format(":{}:_files", for_zsh(text.value));
  std::string result;
  for (const std::string& word : words)
    result += " \\\n        " + quoted(fmt::format("{}[{}]{}", word, for_zsh(text.description), value));
  return result;
}

}  // namespace

std::string bash_completion(const CLI::App& root) {
  std::string values, options;
  for (const CLI::App* command : commands_of(root)) {
    std::vector<std::string> words = names_of(commands_of(*command));
    for (const CLI::Option* option : named_options(*command)) {
      const std::vector<std::string> names = words_of(*option);
      words.insert(words.end(), names.begin(), names.end());
      const OptionText text = option_text(*option);
      for (const std::string& name : names)
        if (!text.choices.empty())
          values += fmt::format("    \"{} {}\") words={} ;;\n", command->get_name(), name,
                                quoted(fmt::format("{}", fmt::join(text.choices, " "))));
        else if (!text.value.empty())
          values += fmt::format("    \"{} {}\") return ;;\n", command->get_name(), name);
    }
    options += fmt::format("      {}) words={} ;;\n", command->get_name(),
                           quoted(fmt::format("{}", fmt::join(words, " "))));
  }
  return fmt::format(
      "# bash completion of thaw, {}\n_thaw() {{\n  local words= word=${{COMP_WORDS[COMP_CWORD]}}\n"
      "  COMPREPLY=()\n  case \"${{COMP_WORDS[1]}} ${{COMP_WORDS[COMP_CWORD-1]}}\" in\n{}    *)\n"
      "      case \"${{COMP_WORDS[1]}}\" in\n{}      esac\n"
      "      [[ $COMP_CWORD -eq 1 ]] && words={}\n  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}}\n"
      "# Where none of these words fits, a file name does.\ncomplete -o default -F _thaw thaw\n",
      kMadeFrom, values, options, quoted(fmt::format("{}", fmt::join(names_of(commands_of(root)), " "))));
}

std::string zsh_completion(const CLI::App& root) {
  std::string list, cases;
  for (const CLI::App* command : commands_of(root)) {
    list += "    " + quoted(fmt::format("{}:{}", command->get_name(), for_zsh(command->get_description()))) +
            "\n";
    std::string specifications;
    for (const CLI::Option* option : named_options(*command)) specifications += zsh_option(*option);
    const std::vector<std::string> below = names_of(commands_of(*command));
    const std::string first =
        below.empty() ? "" : quoted(fmt::format("1::command:({})", fmt::join(below, " "))) + " ";
    cases += fmt::format("    {})\n      _arguments {}'*:file:_files'{} ;;\n", command->get_name(), first,
                         specifications);
  }
  return fmt::format(
      "#compdef thaw\n# zsh completion of thaw, {}\n_thaw() {{\n  local -a commands\n  commands=(\n{}  )\n"
      "  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
      "  shift words\n  (( CURRENT-- ))\n  case $words[1] in\n{}  esac\n}}\n_thaw \"$@\"\n",
      kMadeFrom, list, cases);
}

std::string fish_completion(const CLI::App& root) {
  std::string text = fmt::format("# fish completion of thaw, {}\n", kMadeFrom);
  for (const CLI::App* command : commands_of(root)) {
    text += fmt::format("complete -c thaw -n __fish_use_subcommand -f -a {} -d {}\n", command->get_name(),
                        quoted(command->get_description()));
    const std::string inside =
        fmt::format("complete -c thaw -n '__fish_seen_subcommand_from {}'", command->get_name());
    for (const std::string& below : names_of(commands_of(*command)))
      text += fmt::format("{} -a {}\n", inside, below);
    for (const CLI::Option* option : named_options(*command)) {
      const OptionText words = option_text(*option);
      text += inside;
      for (const std::string& name : option->get_snames()) text += " -s " + name;
      for (const std::string& name : option->get_lnames()) text += " -l " + name;
      if (!words.choices.empty())
        text += " -x -a " + quoted(fmt::format("{}", fmt::join(words.choices, " ")));
      else if (!words.value.empty())
        text += " -r";
      text += " -d " + quoted(words.description) + "\n";
    }
  }
  return text;
}

}  // namespace thaw::cli
