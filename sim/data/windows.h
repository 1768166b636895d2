// Recordings are longer than what a model reads at once: windows of the length of the model's time axis are
// cut from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thaw {

/// How recordings become samples. `sample` is the model's input without its batch axis; empty: a window is as
/// long as the first recording. `hop`: rows from the start of one window to that of the next; 0: a window's
/// length. `pad`: a recording that is shorter than a window becomes one window, its last row repeated, and is
/// not refused.
struct WindowRequest {
  std::vector<int32_t> sample;
  int64_t hop = 0;
  bool pad = false;
};

/// Rows of a window of recordings with `columns` channels for a model whose input is `sample`: time first,
/// then the channels (axes of 1 aside); or a vector, which is rows times columns, row by row. Throws Error
/// naming `where` and the axis where the model reads another number of columns. `names` are the channels'
/// (may be empty).
int64_t window_rows(const std::vector<int32_t>& sample, int32_t columns,
                    const std::vector<std::string>& names, const std::string& where);

/// The first rows of the windows that lie wholly in a recording of `rows`, ascending; none where it is
/// shorter than one. Requires rows_of_window and hop above 0.
std::vector<int64_t> window_starts(int64_t rows, int64_t rows_of_window, int64_t hop);

}  // namespace thaw
