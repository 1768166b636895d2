// The one JSON document that a command prints with --json.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace thaw::cli {

/// Keys keep the order in which they are set.
using Json = nlohmann::ordered_json;

/// To standard output, indented, with a line break. Bytes of names that are not UTF-8 become U+FFFD.
inline void print_document(const Json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

}  // namespace thaw::cli
