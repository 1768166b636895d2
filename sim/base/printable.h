// Names that others gave (in model files, data sets, paths), made fit for terminals, XML and JSON: graphs and
// data sets hold them like this from the moment they are read.
#pragma once

#include <string>
#include <string_view>

namespace thaw {

/// `text` with every control character and every byte that is not valid UTF-8 replaced by '?'.
std::string printable(std::string_view text);

/// `printable(text)`, cut to at most `characters` characters; a cut ends in "...". At least 4.
std::string shortened(std::string_view text, size_t characters);

}  // namespace thaw
