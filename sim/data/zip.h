// Zip archives as numpy writes them: members stored or deflated, no encryption, one disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thaw {

/// One entry of the central directory.
struct ZipMember {
  std::string name;
  uint16_t method = 0;  // 0 stored, 8 deflated
  uint32_t crc32 = 0;
  uint64_t compressed_bytes = 0;
  uint64_t bytes = 0;
  uint64_t header_offset = 0;  // of the local header in the archive
};

/// Whether `file` begins as a zip archive does.
bool is_zip(std::span<const std::byte> file);

/// The members in the order of the central directory. Throws Error naming `where` and the byte offset.
std::vector<ZipMember> list_zip(std::span<const std::byte> archive, const std::string& where);

/// The content of one member, its CRC checked. Throws Error naming `where`, the member and the offset;
/// members of more than max_inflated_bytes are refused unless they are stored.
std::vector<std::byte> extract(std::span<const std::byte> archive, const ZipMember& member,
                               const std::string& where);

}  // namespace thaw
