// Sizes in bytes as people write them: 200000, 192K, 256KiB, 1M.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/json.h"

namespace thaw {

/// Reads a whole number of bytes with an optional unit: B, K or KiB (1024), M or MiB, G or GiB; upper or
/// lower case, blanks around the unit allowed. `where` names the value in messages ("--ram"). Throws Error
/// for anything else, for KB and MB (1000 or 1024?) and for sizes beyond 2^62.
int64_t parse_byte_size(std::string_view text, const std::string& where);

/// A size in a JSON file: a whole number of bytes, or a string as `parse_byte_size` reads it; at most 2^40,
/// beyond any device and safe to add up. Throws Error naming the field.
int64_t byte_size_field(const JsonView& view);

/// "262144 bytes (256.0 KiB)": as every table prints a size.
std::string byte_size_text(int64_t bytes);

}  // namespace thaw
