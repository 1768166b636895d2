// Zip archives as numpy writes them, by libzip: members stored or compressed, of any size, not encrypted.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct zip;  // libzip's

namespace thaw {

/// Whether `file` begins as a zip archive does.
bool is_zip(std::span<const std::byte> file);

/// An archive in memory, open for reading. One thread at a time.
class ZipArchive {
 public:
  /// `bytes` must outlive the archive; `where` names it in messages. Throws Error where they are no archive.
  ZipArchive(std::span<const std::byte> bytes, std::string where);

  /// Of the members, in the order of the archive's directory.
  const std::vector<std::string>& names() const { return names_; }

  /// The content of names()[index], its CRC checked. Throws Error naming the archive and the member;
  /// compressed members of more than max_inflated_bytes are refused.
  std::vector<std::byte> read(size_t index) const;

 private:
  struct Discard {
    void operator()(zip* archive) const;
  };

  std::span<const std::byte> bytes_;
  std::string where_;
  std::unique_ptr<zip, Discard> archive_;
  std::vector<std::string> names_;
};

}  // namespace thaw
