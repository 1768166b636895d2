// SHA-256 (FIPS 180-4): the digest that names models, data sets and runs in every file we write.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace thaw {

/// Digest of `bytes` as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const std::byte> bytes);

}  // namespace thaw
