// A folder for the files of one test, removed at its end, and small ways to fill it.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "sim/base/file.h"
#include "tests/support/error_of.h"
#include "tests/support/shared_folder.h"

namespace thaw::testing {

/// Created empty; the name is unique among processes and within this one.
struct TemporaryFolder {
  std::filesystem::path path;

  TemporaryFolder() {
    static int count = 0;
    path = std::filesystem::temp_directory_path() /
           ("thaw-data-test-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(path);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path); }

  /// Writes a file, making the folders above it.
  void write(const std::string& name, std::span<const std::byte> bytes) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream out(path / name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
};

/// One of the small files in tests/golden/data.
inline std::vector<std::byte> golden_bytes(const std::string& name) {
  return read_file(golden_folder() / "data" / name, 1'000'000);
}

}  // namespace thaw::testing
