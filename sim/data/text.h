// Names out of files, made valid UTF-8, which is what results are written in.
#pragma once

#include <string>
#include <string_view>

namespace thaw {

/// `text` with U+FFFD in place of every byte sequence that is not valid UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace thaw
