// Whole files in and out. A file is either written completely or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace thaw {

/// The bytes of a file. Throws Error where it cannot be opened or read, is no regular file (a folder, pipe or
/// device), or holds more than `max_bytes`.
std::vector<std::byte> read_file(const std::filesystem::path& path, uint64_t max_bytes);

/// Writes to a temporary name in the same folder, flushes to the disk, then renames over `path`; the
/// temporary file is removed where that fails. The folder must exist. Throws Error.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// Makes the file its first `size` bytes and then `text`, without touching those bytes: what lay behind them
/// is dropped. The file is made where `size` is 0. Throws Error, after which it holds its first `size` bytes
/// still.
void append_to_file(const std::filesystem::path& path, uint64_t size, std::string_view text);

}  // namespace thaw
