#include "tools/thaw/man_page.h"

#include <fmt/format.h>

#include <sstream>

#include "tools/thaw/option_text.h"

namespace thaw::cli {
namespace {

/// Plain text to roff: nothing in it is a command.
std::string escaped(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
  }
  return result.starts_with('.') || result.starts_with('\'') ? "\\&" + result : result;
}

std::string entry(const CLI::Option& option) {
  const OptionText text = option_text(option);
  const std::string limits = text.limits.empty() ? "" : " (" + text.limits + ")";
  return fmt::format(".TP\n.B {}{}\n{}\n", escaped(text.names),
                     text.value.empty() ? "" : " \\fI" + escaped(text.value) + "\\fR",
                     escaped(text.description + limits));
}

std::string synopsis(const CLI::App& command, const std::string& name) {
  std::string text = fmt::format("\\fB{}\\fR [\\fIOPTIONS\\fR]", escaped(name));
  for (const CLI::Option* option : positionals(command))
    text += fmt::format(" \\fI{}\\fR", escaped(option_text(*option).names));
  return text;
}

/// A command, and those below it: "report", "report diff".
std::string section(const CLI::App& command, const std::string& parent) {
  const std::string name = parent + command.get_name();
  std::string text = fmt::format(".SS thaw {}\n{}\n.PP\n{}\n", escaped(name),
                                 synopsis(command, "thaw " + name), escaped(command.get_description() + "."));
  for (const CLI::Option* option : positionals(command)) text += entry(*option);
  for (const CLI::Option* option : named_options(command)) text += entry(*option);
  std::istringstream footer(command.get_footer());
  for (std::string line; std::getline(footer, line);)
    text += line.starts_with("  ") ? fmt::format(".RS\n.nf\n{}\n.fi\n.RE\n", escaped(line.substr(2)))
                                   : fmt::format(".PP\n{}\n", escaped(line));
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; }))
    text += section(*below, name + " ");
  return text;
}

constexpr const char* kEnd = R"(.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
Bad input, or a run that failed.
.TP
.B 2
A regression gate failed (only \fBthaw report\fR).
.TP
.B 64
Wrong usage.
.TP
.B 130\fR, \fB143
Interrupted; the same command goes on from there.
.SH ENVIRONMENT
.TP
.B NO_COLOR
Nothing is coloured where it is set.
.SH FILES
.TP
.I configs/boards\fR, \fIPREFIX/share/thaw/boards
Boards by name: those of the working directory first, then the program's.
)";

}  // namespace

std::string man_page(const CLI::App& root) {
  std::string text = fmt::format(
      ".TH THAW 1 \"\" \"thaw {}\" \"User Commands\"\n.SH NAME\nthaw \\- sparse\\-update schedules for "
      "training "
      "on microcontrollers\n.SH SYNOPSIS\n\\fBthaw\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH "
      "DESCRIPTION\n{}\n",
      THAW_VERSION, escaped(root.get_description()));
  text += ".SH OPTIONS\n";
  for (const CLI::Option* option : named_options(root)) text += entry(*option);
  text += ".SH COMMANDS\n";
  for (const CLI::App* command : root.get_subcommands([](const CLI::App*) { return true; }))
    text += section(*command, "");
  return text + kEnd;
}

}  // namespace thaw::cli
