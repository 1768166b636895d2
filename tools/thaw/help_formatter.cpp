#include "tools/thaw/help_formatter.h"

#include "tools/thaw/option_text.h"

namespace thaw::cli {
namespace {

constexpr size_t kIndent = 26;
constexpr size_t kWidth = 100;

}  // namespace

std::string HelpFormatter::make_option(const CLI::Option* option, bool /*is_positional*/) const {
  const OptionText text = option_text(*option);
  std::string result = "  " + text.names + (text.value.empty() ? "" : " " + text.value);
  const std::string limits = text.limits.empty() ? "" : " (" + text.limits + ")";
  bool first = true;
  for (const std::string& line : wrapped(text.description + limits, kWidth - kIndent)) {
    if (!first || result.size() + 1 >= kIndent) result += '\n';
    const size_t begin = result.rfind('\n') + 1;  // 0 where there is no line break
    result += std::string(kIndent - (result.size() - begin), ' ') + line;
    first = false;
  }
  return result + "\n";
}

}  // namespace thaw::cli
