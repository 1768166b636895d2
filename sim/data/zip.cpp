// Before anything is allocated, what a member says of its size is held against what the archive can give:
// its own bytes, or 1032 times them where it is compressed, the most that deflate yields.
#include "sim/data/zip.h"

#include <zip.h>

#include <algorithm>

#include "sim/base/error.h"
#include "sim/data/limits.h"

namespace thaw {
namespace {

[[noreturn]] void refuse_damaged(const std::string& where, const std::string& what) {
  throw Error(where, "cannot be unpacked: " + what, "The archive is damaged: fetch it again");
}

/// A member that is closed at the end of the scope.
struct CloseMember {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

/// Throws unless a member of this kind and size can be unpacked from an archive of `archive_bytes`.
void check_member(const zip_stat_t& about, size_t archive_bytes, const std::string& where) {
  constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((about.valid & needed) != needed) refuse_damaged(where, "its directory entry is not complete");
  if (about.encryption_method != ZIP_EM_NONE)
    throw Error(where, "is encrypted", "Store it without a password");
  constexpr uint64_t deflate_ratio = 1032;
  const uint64_t most = about.comp_method == ZIP_CM_STORE
                            ? archive_bytes
                            : std::min(max_inflated_bytes, deflate_ratio * archive_bytes);
  if (about.size > most)
    throw Error(where, "gives " + std::to_string(about.size) + " bytes, which is too many",
                "Use numpy.savez, or numpy.savez_compressed for at most 1 GB a member");
}

}  // namespace

bool is_zip(std::span<const std::byte> file) {
  return file.size() >= 4 && file[0] == std::byte{'P'} && file[1] == std::byte{'K'} &&
         file[2] == std::byte{3} && file[3] == std::byte{4};
}

void ZipArchive::Discard::operator()(zip* archive) const {
  zip_discard(archive);
}

ZipArchive::ZipArchive(std::span<const std::byte> bytes, std::string where)
    : bytes_(bytes), where_(std::move(where)) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes_.data(), bytes_.size(), 0, &error);
  if (source != nullptr) archive_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
  const std::string what = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (archive_ == nullptr) {
    zip_source_free(source);
    refuse_damaged(where_, what);
  }
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    names_.emplace_back(name == nullptr ? "" : name);
  }
}

std::vector<std::byte> ZipArchive::read(size_t index) const {
  const std::string where = where_ + ", member '" + names_[index] + "'";
  zip_stat_t about;
  if (zip_stat_index(archive_.get(), index, 0, &about) != 0)
    refuse_damaged(where, zip_strerror(archive_.get()));
  check_member(about, bytes_.size(), where);
  const std::unique_ptr<zip_file_t, CloseMember> file(zip_fopen_index(archive_.get(), index, 0));
  if (file == nullptr) refuse_damaged(where, zip_strerror(archive_.get()));
  std::vector<std::byte> content(about.size);
  std::byte beyond;  // the CRC is checked by a read that finds the end
  size_t at = 0;
  while (true) {
    const bool full = at == content.size();
    const zip_int64_t got =
        full ? zip_fread(file.get(), &beyond, 1) : zip_fread(file.get(), &content[at], content.size() - at);
    if (got < 0) refuse_damaged(where, zip_file_strerror(file.get()));
    if (got > 0 && full) refuse_damaged(where, "it gives more bytes than its directory entry says");
    if (got == 0 && !full) refuse_damaged(where, "it ends too early");
    if (got == 0) return content;
    at += static_cast<size_t>(got);
  }
}

}  // namespace thaw
