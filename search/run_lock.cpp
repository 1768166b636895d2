#include "search/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "sim/base/error.h"
#include "sim/base/output_folder.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, int code) {
  throw Error(path.string(), "cannot be written: " + std::generic_category().message(code),
              "Give another folder with -o");
}

/// The process that a lock file names, as " (process N)"; empty where it has not been written yet.
std::string holder(int descriptor) {
  char text[32];
  const ssize_t count = ::pread(descriptor, text, sizeof text, 0);
  if (count <= 0) return "";
  return " (process " + std::string(text, static_cast<size_t>(count)) + ")";
}

/// Whether the path still leads to the open file: whoever held it before may have removed it meanwhile.
bool is_at(int descriptor, const fs::path& path) {
  struct stat open_file {
  }, at_path{};
  return ::fstat(descriptor, &open_file) == 0 && ::stat(path.c_str(), &at_path) == 0 &&
         open_file.st_dev == at_path.st_dev && open_file.st_ino == at_path.st_ino;
}

}  // namespace

RunLock::RunLock(const fs::path& folder) : folder_(fs::absolute(folder)), file_(folder_ / ".lock") {
  try {
    make_folders();
    take();
    remove_partial_files(folder_);
  } catch (...) {
    if (descriptor_ >= 0) ::close(descriptor_);
    remove_empty_folders();
    throw;
  }
}

RunLock::~RunLock() {
  ::unlink(file_.c_str());
  ::close(descriptor_);
  remove_empty_folders();
}

void RunLock::make_folders() {
  std::vector<fs::path> absent;
  std::error_code ignored;
  for (fs::path at = folder_; !fs::exists(at, ignored) && at.has_relative_path(); at = at.parent_path())
    if (!at.filename().empty()) absent.push_back(at);
  for (auto at = absent.rbegin(); at != absent.rend(); ++at) {
    if (::mkdir(at->c_str(), 0777) == 0)
      made_.push_back(*at);
    else if (errno != EEXIST)
      refuse(*at, errno);
  }
}

void RunLock::remove_empty_folders() const {
  for (auto at = made_.rbegin(); at != made_.rend(); ++at) ::rmdir(at->c_str());
}

void RunLock::take() {
  while (true) {
    descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) refuse(folder_, errno);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      throw Error(folder_.string(), "another run is at work here" + holder(descriptor_),
                  "Wait for its end, or give another folder with -o");
    if (is_at(descriptor_, file_)) break;
    ::close(descriptor_);
    descriptor_ = -1;
  }
  const std::string number = std::to_string(::getpid());
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, number.data(), number.size(), 0) != static_cast<ssize_t>(number.size())) {
    const int code = errno;
    ::unlink(file_.c_str());
    refuse(folder_, code);
  }
}

}  // namespace thaw
