// The source files of the product: what the tests of this folder read.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace thaw {

/// Whether a file is C, C++ or an include of theirs.
inline bool is_source(const std::filesystem::path& file) {
  const std::set<std::string> endings = {".h", ".c", ".cpp", ".inc"};
  return endings.contains(file.extension().string());
}

/// All of them below `root`, sorted; what others wrote (third_party) is left out.
inline std::vector<std::filesystem::path> source_files(const std::filesystem::path& root) {
  std::vector<std::filesystem::path> files;
  for (const char* top : {"engine", "sim", "memmodel", "search", "reports", "tools"})
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top))
      if (entry.is_regular_file() && is_source(entry.path()) &&
          entry.path().string().find("/third_party/") == std::string::npos)
        files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace thaw
