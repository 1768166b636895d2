// One line on standard error, never wider than the terminal, that tells how far a long command is; nothing
// where nobody watches.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace thaw::cli {

class Progress {
 public:
  /// Silent where `quiet`, or where standard error is no terminal.
  Progress(std::string label, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of `total` units of work, and the best so far or another short remark. Redraws at most ten times
  /// a second.
  void update(int64_t done, int64_t total, const std::string& remark = "");
  /// The same for work that is not done in equal units: the share that is done, 0..1, and the seconds left.
  void show(double share, std::optional<double> seconds_left, const std::string& remark);
  /// Removes the line, so that other output can follow.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  bool shown_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point drawn_ = begun_;
};

/// 75 -> "1 min 15 s".
std::string duration_text(double seconds);

}  // namespace thaw::cli
