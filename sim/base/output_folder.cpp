#include "sim/base/output_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "sim/base/error.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

/// "FILE.partial-PROCESS-NUMBER", as write_file_atomically names what it writes.
bool is_partial_name(std::string_view name) {
  constexpr std::string_view kMark = ".partial-";
  const size_t mark = name.rfind(kMark);
  if (mark == std::string_view::npos || mark == 0) return false;
  const std::string_view numbers = name.substr(mark + kMark.size());
  const size_t dash = numbers.find('-');
  return dash != std::string_view::npos && is_number(numbers.substr(0, dash)) &&
         is_number(numbers.substr(dash + 1));
}

/// Whoever writes a partial file holds its lock.
bool is_abandoned(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  ::close(descriptor);
  return locked;
}

}  // namespace

void check_output_folder(const fs::path& folder) {
  fs::path existing = fs::absolute(folder);
  std::error_code ignored;
  while (!fs::exists(existing, ignored) && existing.has_relative_path()) existing = existing.parent_path();
  if (!fs::is_directory(existing, ignored) || ::access(existing.c_str(), W_OK | X_OK) != 0)
    throw Error(folder.string(), "'" + existing.string() + "' is not a folder that can be written to",
                "Give another folder with -o");
}

void open_output_folder(const fs::path& folder) {
  if (folder.empty()) return remove_partial_files(".");
  std::error_code code;
  fs::create_directories(folder, code);
  if (!fs::is_directory(folder))
    throw Error(folder.string(), "cannot be made: " + (code ? code.message() : "a file has this name"),
                "Give another folder");
  remove_partial_files(folder);
}

void remove_partial_files(const fs::path& folder) {
  std::vector<fs::path> abandoned;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end; entry.increment(ignored))
    if (is_partial_name(entry->path().filename().string()) && entry->is_regular_file(ignored) &&
        is_abandoned(entry->path()))
      abandoned.push_back(entry->path());
  for (const fs::path& file : abandoned) ::unlink(file.c_str());
}

}  // namespace thaw
