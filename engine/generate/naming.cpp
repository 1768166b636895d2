#include "engine/generate/naming.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "sim/base/error.h"

namespace thaw {
namespace {

constexpr size_t kLongestName = 32;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string capitals(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// One identifier under the name; `before` and `after` are the characters around it.
std::string renamed_word(std::string_view word, char before, char after, const std::string& name) {
  constexpr std::string_view kModel = "thaw_model", kLibrary = "libthaw_model", kMacro = "THAW_",
                             kOption = "DTHAW_", kSymbol = "thaw_";
  if (word == kModel) return name;
  if (word == "THAW_MODEL") return capitals(name);
  if (word == "CONFIG_THAW_MODEL") return "CONFIG_" + capitals(name);  // of Kconfig
  if (word == kLibrary) return "lib" + name;
  if (word == "engine" && after == '/' && before != '/') return name;
  if (word.starts_with(kSymbol)) return name + "_" + std::string(word.substr(kSymbol.size()));
  if (word.starts_with(kMacro)) return capitals(name) + "_" + std::string(word.substr(kMacro.size()));
  if (before == '-' && word.starts_with(kOption))  // -DTHAW_..., an option of the compiler
    return "D" + capitals(name) + "_" + std::string(word.substr(kOption.size()));
  return std::string(word);
}

}  // namespace

void check_model_name(const std::string& name) {
  constexpr std::array kTaken = {"thaw",   "engine", "auto", "break", "case",   "char",     "const",
                                 "double", "else",   "enum", "float", "for",    "goto",     "if",
                                 "int",    "long",   "main", "short", "signed", "static",   "struct",
                                 "switch", "union",  "void", "while", "return", "unsigned", "do"};
  if (name.empty()) return;
  const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  const bool taken = std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end();
  if (!letters || name[0] < 'a' || name[0] > 'z' || name.size() > kLongestName || taken)
    throw Error(
        "--name", "'" + name + "' cannot begin the names of C functions",
        "Use at most 32 small letters, digits and underscores, a letter first, for example 'gesture'");
}

std::string renamed(std::string_view text, const std::string& name) {
  if (name.empty()) return std::string(text);
  std::string result;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    if (end == at) {
      result += text[at++];
      continue;
    }
    const char before = at == 0 ? ' ' : text[at - 1];
    result += renamed_word(text.substr(at, end - at), before, end < text.size() ? text[end] : ' ', name);
    at = end;
  }
  return result;
}

}  // namespace thaw
