// Source: PKWARE's APPNOTE, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end). The
// sizes in the central directory are the ones that count; those in local headers may be absent.
#include "sim/data/zip.h"

#include <zlib.h>

#include <algorithm>

#include "sim/base/error.h"
#include "sim/data/gzip.h"
#include "sim/data/limits.h"

namespace thaw {
namespace {

constexpr uint32_t local_signature = 0x04034b50;
constexpr uint32_t directory_signature = 0x02014b50;
constexpr uint32_t end_signature = 0x06054b50;
constexpr size_t local_bytes = 30;
constexpr size_t directory_bytes = 46;
constexpr size_t end_bytes = 22;
constexpr size_t longest_comment = 65'535;
constexpr uint32_t zip64_marker = 0xFFFFFFFF;

std::string at_byte(const std::string& where, uint64_t offset) {
  return where + ", byte " + std::to_string(offset);
}

/// Little-endian number of `width` bytes; the caller has checked that they exist.
uint32_t number(std::span<const std::byte> bytes, uint64_t offset, size_t width) {
  uint32_t value = 0;
  for (size_t i = width; i-- > 0;) value = value << 8 | std::to_integer<uint32_t>(bytes[offset + i]);
  return value;
}

/// Throws unless archive[offset, offset + count) exists.
void require(std::span<const std::byte> archive, uint64_t offset, uint64_t count, const std::string& what,
             const std::string& where) {
  if (offset > archive.size() || count > archive.size() - offset)
    throw Error(at_byte(where, offset), what + " reaches beyond the end of the file",
                "The archive is damaged");
}

/// Offset of the record that ends the archive: the last place where its signature stands.
uint64_t find_end(std::span<const std::byte> archive, const std::string& where) {
  const size_t size = archive.size();
  const size_t lowest = size > end_bytes + longest_comment ? size - end_bytes - longest_comment : 0;
  for (size_t at = size >= end_bytes ? size - end_bytes + 1 : 0; at-- > lowest;)
    if (number(archive, at, 4) == end_signature) return at;
  throw Error(where, "has no end of a zip directory", "The archive is truncated: fetch it again");
}

}  // namespace

bool is_zip(std::span<const std::byte> file) {
  return file.size() >= 4 && number(file, 0, 4) == local_signature;
}

std::vector<ZipMember> list_zip(std::span<const std::byte> archive, const std::string& where) {
  const uint64_t end = find_end(archive, where);
  const uint32_t count = number(archive, end + 10, 2);
  uint64_t at = number(archive, end + 16, 4);
  std::vector<ZipMember> members;
  for (uint32_t i = 0; i < count; ++i) {
    require(archive, at, directory_bytes, "directory entry " + std::to_string(i), where);
    if (number(archive, at, 4) != directory_signature)
      throw Error(at_byte(where, at), "expected entry " + std::to_string(i) + " of the zip directory",
                  "The archive is damaged");
    const uint32_t name_bytes = number(archive, at + 28, 2);
    const uint64_t entry_bytes =
        uint64_t{directory_bytes} + name_bytes + number(archive, at + 30, 2) + number(archive, at + 32, 2);
    require(archive, at, entry_bytes, "directory entry " + std::to_string(i), where);
    const auto* name = reinterpret_cast<const char*>(archive.data() + at + directory_bytes);
    ZipMember member{std::string(name, name_bytes), static_cast<uint16_t>(number(archive, at + 10, 2)),
                     number(archive, at + 16, 4),   number(archive, at + 20, 4),
                     number(archive, at + 24, 4),   number(archive, at + 42, 4)};
    if (member.compressed_bytes == zip64_marker || member.bytes == zip64_marker)
      throw Error(at_byte(where, at), "member '" + member.name + "' has 4 GB or more, which is not supported",
                  "Split the data set");
    if ((number(archive, at + 8, 2) & 1) != 0)
      throw Error(at_byte(where, at), "member '" + member.name + "' is encrypted",
                  "Store it without a password");
    members.push_back(std::move(member));
    at += entry_bytes;
  }
  return members;
}

std::vector<std::byte> extract(std::span<const std::byte> archive, const ZipMember& member,
                               const std::string& where) {
  const std::string in_member = where + ", member '" + member.name + "'";
  require(archive, member.header_offset, local_bytes, "the local header", in_member);
  if (number(archive, member.header_offset, 4) != local_signature)
    throw Error(at_byte(in_member, member.header_offset), "expected a local zip header",
                "The archive is damaged");
  const uint64_t begin = member.header_offset + local_bytes + number(archive, member.header_offset + 26, 2) +
                         number(archive, member.header_offset + 28, 2);
  require(archive, begin, member.compressed_bytes, "the data", in_member);
  const std::span<const std::byte> stored = archive.subspan(begin, member.compressed_bytes);

  std::vector<std::byte> content;
  if (member.method == 0 && member.compressed_bytes == member.bytes) {
    content.assign(stored.begin(), stored.end());
  } else if (member.method == 8 && member.bytes <= max_inflated_bytes) {
    content = inflate_raw(stored, member.bytes, in_member);
  } else {
    throw Error(at_byte(in_member, member.header_offset),
                "cannot be unpacked: method " + std::to_string(member.method) + ", " +
                    std::to_string(member.compressed_bytes) + " bytes giving " + std::to_string(member.bytes),
                "Use numpy.savez or numpy.savez_compressed (at most 1 GB a member when compressed)");
  }
  const uLong crc =
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(content.data()), content.size());
  if (crc != member.crc32)
    throw Error(in_member, "has the wrong checksum (CRC-32)", "The archive is damaged: fetch it again");
  return content;
}

}  // namespace thaw
