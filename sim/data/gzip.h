// Decompression of gzip files by zlib, with a ceiling on what may come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thaw {

/// Whether `file` begins as a gzip file does.
bool is_gzip(std::span<const std::byte> file);

/// The content of a gzip file of one or more members. Checks length and CRC of each. Throws Error naming
/// `where` and the byte offset where the stream is damaged or gives more than `max_bytes`.
std::vector<std::byte> inflate_gzip(std::span<const std::byte> file, uint64_t max_bytes,
                                    const std::string& where);

}  // namespace thaw
