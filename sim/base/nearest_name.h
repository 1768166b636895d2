// "Did you mean ...?": the known name closest to one that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thaw {

/// The name in `known` with the fewest single-character insertions, removals and replacements from `name`
/// (Levenshtein); the first of equals. Empty where even that one differs in more than half of its letters.
std::string nearest_name(std::string_view name, const std::vector<std::string>& known);

}  // namespace thaw
