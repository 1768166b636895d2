// Line by line: conditions first, then whole lines, then words.
#include "engine/generate/c_template.h"

#include <stdexcept>

namespace thaw {
namespace {

constexpr std::string_view kPrefix = "PLAN_";

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// How many characters of a word `text` begins with.
size_t word_length(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && is_word(text[length])) ++length;
  return length;
}

const std::string& value_of(std::string_view word, const TemplateValues& values) {
  const auto found = values.find(word.substr(kPrefix.size()));
  if (found == values.end()) throw std::logic_error("a template names " + std::string(word) + ": no value");
  return found->second;
}

/// The word that is alone in its line, or "".
std::string_view lone_word(std::string_view line) {
  const size_t indent = line.find_first_not_of(' ');
  if (indent == std::string_view::npos) return "";
  line.remove_prefix(indent);
  if (line.ends_with(';')) line.remove_suffix(1);
  return line.starts_with(kPrefix) && word_length(line) == line.size() ? line : "";
}

std::string filled_line(std::string_view line, const TemplateValues& values) {
  std::string result;
  while (!line.empty()) {
    const size_t length = word_length(line);
    const std::string_view piece = line.substr(0, length == 0 ? 1 : length);
    result += piece.starts_with(kPrefix) ? value_of(piece, values) : piece;
    line.remove_prefix(piece.size());
  }
  return result;
}

/// Which lines the conditions on PLAN_ words leave.
class Conditions {
 public:
  explicit Conditions(const TemplateValues& values) : values_(values) {}

  /// Whether the line is one of those conditions, which then holds for the lines that follow.
  bool take(std::string_view line) {
    constexpr std::string_view kIf = "#if ";
    const bool begins = line.starts_with(kIf) && line.substr(kIf.size()).starts_with(kPrefix);
    if (begins) {
      inside_ = true;
      keeps_ = value_of(line.substr(kIf.size()), values_) == "1";
      return true;
    }
    if (!inside_) return false;
    if (others_ == 0 && line == "#else") {
      keeps_ = !keeps_;
      return true;
    }
    if (others_ == 0 && line == "#endif") {
      inside_ = false;
      keeps_ = true;
      return true;
    }
    if (line.starts_with("#if")) ++others_;
    if (line == "#endif") --others_;
    return false;
  }

  bool keeps() const { return keeps_; }

 private:
  const TemplateValues& values_;
  bool inside_ = false, keeps_ = true;
  int others_ = 0;  // conditions of the C file itself that are open inside
};

}  // namespace

std::string fill_template(std::string_view text, const TemplateValues& values) {
  std::string result;
  Conditions conditions(values);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (conditions.take(line) || !conditions.keeps()) continue;
    if (const std::string_view word = lone_word(line); !word.empty())
      result += value_of(word, values);
    else
      result += filled_line(line, values) + "\n";
  }
  return result;
}

}  // namespace thaw
