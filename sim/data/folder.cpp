// Sorted listings of a folder.
#include "sim/data/folder.h"

#include <algorithm>
#include <functional>
#include <system_error>

#include "sim/base/error.h"

namespace thaw {
namespace {

using Entry = std::filesystem::directory_entry;

std::vector<std::string> list(const std::filesystem::path& folder,
                              const std::function<bool(const Entry&)>& keep) {
  std::vector<std::string> names;
  std::error_code code;
  std::filesystem::directory_iterator entry(folder, code);
  const std::filesystem::directory_iterator end;
  while (!code && entry != end) {
    if (keep(*entry)) names.push_back(entry->path().filename().string());
    entry.increment(code);
  }
  if (code)
    throw Error(folder.string(), "cannot be listed: " + code.message(), "Check the path and its permissions");
  std::sort(names.begin(), names.end());  // std::string compares as unsigned bytes
  return names;
}

}  // namespace

bool is_hidden(const std::string& name) {
  return name.starts_with('.') || name == "__MACOSX" || name == "Thumbs.db" || name == "desktop.ini";
}

std::vector<std::string> list_files(const std::filesystem::path& folder) {
  return list(folder, [](const Entry& entry) {
    std::error_code ignored;
    return entry.is_regular_file(ignored);
  });
}

std::vector<std::string> list_folders(const std::filesystem::path& folder) {
  return list(folder, [](const Entry& entry) {
    std::error_code ignored;
    return entry.is_directory(ignored);
  });
}

}  // namespace thaw
