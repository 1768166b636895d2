// A firmware under a name of its own, so that several models live in one program: every symbol, macro, file
// and folder that begins with "thaw_", "THAW_" or "engine/" begins with the name instead.
#pragma once

#include <string>
#include <string_view>

namespace thaw {

/// Throws Error unless the name is a C identifier of at most 32 small letters, digits and underscores that
/// begins with a letter and is no word of ours or of C; empty is right and means no name.
void check_model_name(const std::string& name);

/// The text, or path, of a generated file under the name: thaw_model becomes NAME, thaw_ NAME_, THAW_ NAME_
/// in capitals, engine/ NAME/. Unchanged for an empty name.
std::string renamed(std::string_view text, const std::string& name);

}  // namespace thaw
