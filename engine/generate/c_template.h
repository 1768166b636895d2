// The templates of engine/model: C files in which words that begin with PLAN_ stand for what a plan says.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace thaw {

/// The text of each PLAN_ word, without that prefix: {"CLASSES", "10"}.
using TemplateValues = std::map<std::string, std::string, std::less<>>;

/// `text` with each word replaced:
/// - a word, or a word and ';', alone in its line stands for whole lines, indented as they are and ended by
/// '\n';
/// - a word elsewhere stands for text within its line, comments included;
/// - "#if PLAN_WORD", "#else", "#endif" keep or drop the lines between them: the word's text is "1" or "0".
///   They do not nest; other preprocessor conditions may stand inside.
/// Throws std::logic_error for a word that has no value.
std::string fill_template(std::string_view text, const TemplateValues& values);

}  // namespace thaw
