#include "tools/thaw/option_text.h"

#include <sstream>

namespace thaw::cli {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, separator);) words.push_back(word);
  return words;
}

/// The descriptions of an option's checks, without empty ones.
std::vector<std::string> check_descriptions(const CLI::Option& option) {
  std::vector<std::string> found;
  CLI::Option& readable = const_cast<CLI::Option&>(option);  // CLI11 2.1 has no constant access to checks
  try {
    for (int i = 0;; ++i)
      if (const std::string text = readable.get_validator(i)->get_description(); !text.empty())
        found.push_back(text);
  } catch (const CLI::OptionNotFound&) {  // the end of the list
  }
  return found;
}

/// "INT" and the like say how a program reads a word; a person reads N, X or the words that there are.
std::string value_name(const CLI::Option& option, const std::vector<std::string>& choices) {
  if (option.get_items_expected_max() == 0) return "";
  if (!choices.empty()) {
    std::string joined;
    for (const std::string& choice : choices) joined += (joined.empty() ? "" : "|") + choice;
    return joined;
  }
  const std::string type = split(option.get_type_name() + ":", ':').front();
  if (type == "INT" || type == "UINT") return "N";
  if (type == "FLOAT") return "X";
  return type == "TEXT" ? "WORD" : type;
}

void append(std::string& list, const std::string& item) {
  if (!item.empty()) list += (list.empty() ? "" : "; ") + item;
}

}  // namespace

OptionText option_text(const CLI::Option& option) {
  OptionText text;
  text.names = option.get_positional() ? option.get_name(true) : option.get_name(false, true);
  text.description = option.get_description();
  std::string range;
  for (const std::string& check : check_descriptions(option)) {
    if (check.front() == '{')
      text.choices = split(check.substr(1, check.size() - 2), ',');
    else if (check.front() >= '0' && check.front() <= '9')
      range = check;
  }
  text.value = option.get_positional() ? "" : value_name(option, text.choices);
  if (option.get_required()) append(text.limits, "required");
  append(text.limits, range);
  if (!option.get_default_str().empty()) append(text.limits, "default: " + option.get_default_str());
  return text;
}

std::vector<const CLI::Option*> named_options(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return !option->get_positional(); });
}

std::vector<const CLI::Option*> positionals(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines(1);
  for (const std::string& word : split(text, ' ')) {
    std::string& line = lines.back();
    if (!line.empty() && line.size() + 1 + word.size() > width)
      lines.push_back(word);
    else
      line += (line.empty() ? "" : " ") + word;
  }
  return lines;
}

}  // namespace thaw::cli
