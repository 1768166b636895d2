// Names come from files that others wrote: before they enter a page, a table or a log they are clipped to a
// readable length and stripped of every power that the format gives them.
#pragma once

#include <string>
#include <string_view>

namespace thaw {

/// Longest name shown, in bytes; longer ones end in an ellipsis.
constexpr size_t kMostNameBytes = 200;

/// At most `most` bytes, cut between UTF-8 characters, with "…" where something was cut; control characters
/// and bytes that are not UTF-8 become '?'.
std::string clipped(std::string_view text, size_t most = kMostNameBytes);

/// Clipped, for HTML text and quoted attributes, and for SVG.
std::string html_text(std::string_view text, size_t most = kMostNameBytes);

/// Clipped, for a Markdown table cell or sentence: no HTML, links, mentions or emphasis survive.
std::string markdown_text(std::string_view text, size_t most = kMostNameBytes);

/// One CSV field (RFC 4180), quoted where needed; a leading =, +, - or @ that is not a number's is preceded
/// by an apostrophe, so that spreadsheets do not run it.
std::string csv_field(std::string_view text, size_t most = kMostNameBytes);

}  // namespace thaw
