#include "tools/thaw/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "tools/thaw/terminal.h"

namespace thaw::cli {
namespace {

constexpr const char* kClearLine = "\r\033[K";

}  // namespace

Progress::Progress(std::string label, bool quiet)
    : label_(std::move(label)), shown_(!quiet && is_terminal(stderr)) {}

Progress::~Progress() {
  clear();
}

void Progress::update(int64_t done, int64_t total, const std::string& remark) {
  const double share =
      std::clamp(static_cast<double>(done) / static_cast<double>(std::max<int64_t>(1, total)), 0.0, 1.0);
  const double elapsed = std::chrono::duration<double>(Clock::now() - begun_).count();
  show(share, share > 0.02 ? std::optional(elapsed * (1.0 - share) / share) : std::nullopt, remark);
}

void Progress::show(double share, std::optional<double> seconds_left, const std::string& remark) {
  const Clock::time_point now = Clock::now();
  if (!shown_ || now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  const double elapsed = std::chrono::duration<double>(now - begun_).count();
  std::string line = fmt::format("{} {:3.0f} % | elapsed {}", label_, 100.0 * share, duration_text(elapsed));
  if (seconds_left) line += fmt::format(", about {} left", duration_text(*seconds_left));
  if (!remark.empty()) line += " | " + remark;
  // The last column stays free: some terminals begin a new line when it is filled.
  print_remark("{}{}", kClearLine, cut_to_columns(line, terminal_columns(stderr) - 1));
  std::fflush(stderr);
}

void Progress::clear() {
  if (!shown_) return;
  print_remark("{}", kClearLine);
  std::fflush(stderr);
}

std::string duration_text(double seconds) {
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace thaw::cli
