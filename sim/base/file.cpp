// Reading and writing whole files through POSIX calls: they alone give fsync and an exact reason on failure.
#include "sim/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>

#include "sim/base/error.h"

namespace thaw {

namespace {

std::string reason(int code) {
  return std::generic_category().message(code);
}

/// An open file; closed at the end of the scope.
struct Descriptor {
  int number;
  explicit Descriptor(int n) : number(n) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

/// Another name in the same folder, so that the rename stays on one file system. Unique among the processes
/// and threads of this machine.
std::filesystem::path temporary_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> count{0};
  std::filesystem::path name = path;
  name += ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
  return name;
}

/// 0, or the errno of the first call that failed.
int write_all(const Descriptor& file, std::span<const std::byte> bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(file.number, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    done += static_cast<size_t>(n);
  }
  return 0;
}

/// The same, into a new file and onto the disk.
int write_new_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.number < 0) return errno;
  ::flock(file.number, LOCK_EX | LOCK_NB);  // says that it is being written (remove_partial_files)
  const int code = write_all(file, bytes);
  if (code != 0) return code;
  return ::fsync(file.number) == 0 ? 0 : errno;
}

[[noreturn]] void refuse_write(const std::filesystem::path& path, int code) {
  throw Error(path.string(), "cannot be written: " + reason(code),
              "Check that the folder exists and has space");
}

void refuse_what_is_no_file(const std::filesystem::path& path, mode_t mode) {
  if (S_ISDIR(mode)) throw Error(path.string(), "is a folder, expected a file", "Name the file itself");
  if (!S_ISREG(mode))
    throw Error(path.string(), "is not a regular file", "Write what it gives into a file and name that");
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path, uint64_t max_bytes) {
  // A pipe without a writer would block an open without O_NONBLOCK; opening a device may already act on it.
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) refuse_what_is_no_file(path, status.st_mode);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (file.number < 0) throw Error(path.string(), "cannot be opened: " + reason(errno), "Check the path");
  if (::fstat(file.number, &status) == 0) refuse_what_is_no_file(path, status.st_mode);

  // Sizes reported by the file system are not trusted (growing files): read until the end or the limit.
  std::vector<std::byte> bytes;
  size_t used = 0;
  const auto reported = static_cast<uint64_t>(std::max<off_t>(status.st_size, 0));
  bytes.resize(static_cast<size_t>(std::min(reported, max_bytes) + 1));
  while (true) {
    if (used == bytes.size()) bytes.resize(used * 2);
    const ssize_t n = ::read(file.number, bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error(path.string(), "cannot be read: " + reason(errno));
    if (n == 0) break;
    used += static_cast<size_t>(n);
    if (used > max_bytes)
      throw Error(path.string(),
                  "holds more than " + std::to_string(max_bytes) + " bytes, the most accepted here");
  }
  bytes.resize(used);
  return bytes;
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const std::filesystem::path temporary = temporary_name(path);
  int code = write_new_file(temporary, bytes);
  if (code == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) code = errno;
  if (code == 0) return;
  ::unlink(temporary.c_str());
  refuse_write(path, code);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

void append_to_file(const std::filesystem::path& path, uint64_t size, std::string_view text) {
  const int create = size == 0 ? O_CREAT : 0;
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | create, 0666));
  if (file.number < 0) refuse_write(path, errno);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) refuse_write(path, errno);
  const auto length = static_cast<off_t>(size);
  if (status.st_size < length)
    throw Error(path.string(), "was cut short or replaced while it was being written",
                "Run the command again");
  if (status.st_size > length && ::ftruncate(file.number, length) != 0) refuse_write(path, errno);
  const int code = write_all(file, std::as_bytes(std::span(text)));
  if (code == 0) return;
  if (::ftruncate(file.number, length) != 0) refuse_write(path, errno);
  refuse_write(path, code);
}

}  // namespace thaw
