// One run at a time works in a run directory.
#pragma once

#include <filesystem>
#include <vector>

namespace thaw {

/// Holds a folder for one process through a locked file in it, `.lock`, which the kernel releases when the
/// process ends in whatever way. A file system without locks is used without one.
class RunLock {
 public:
  /// Makes the folder where it is absent, and removes what runs that were killed left half written. Throws
  /// Error where it cannot be made or written to, or where another run holds it: then nothing is changed.
  explicit RunLock(const std::filesystem::path& folder);
  /// Removes the lock file, and the folders made for it where nothing was put into them.
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  void make_folders();
  void remove_empty_folders() const;
  void take();

  std::filesystem::path folder_, file_;
  std::vector<std::filesystem::path> made_;  // outermost first
  int descriptor_ = -1;
};

}  // namespace thaw
