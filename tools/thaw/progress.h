// One line on standard error that tells how far a long command is; nothing where nobody watches.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace thaw::cli {

class Progress {
 public:
  /// `total` units of work. Silent where `quiet`, or where standard error is no terminal.
  Progress(std::string label, int64_t total, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of the total, and the best so far or another short remark. Redraws at most ten times a second.
  void update(int64_t done, const std::string& remark = "");
  /// Removes the line, so that other output can follow.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  int64_t total_;
  bool shown_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_ = start_;
};

/// 75 -> "1 min 15 s".
std::string duration_text(double seconds);

}  // namespace thaw::cli
