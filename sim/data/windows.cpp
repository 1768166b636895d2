// Which part of a recording is a window, and how long one is.
#include "sim/data/windows.h"

#include <algorithm>

#include "sim/base/error.h"
#include "sim/data/sample_shape.h"

namespace thaw {
namespace {

std::string columns_text(int32_t columns, const std::vector<std::string>& names) {
  constexpr size_t most_names = 8;
  std::string text = std::to_string(columns) + (columns == 1 ? " column" : " columns");
  for (size_t i = 0; i < std::min(most_names, names.size()); ++i) text += (i == 0 ? " (" : ", ") + names[i];
  if (names.size() > most_names) text += ", ...";
  return names.empty() ? text : text + ")";
}

}  // namespace

int64_t window_rows(const std::vector<int32_t>& sample, int32_t columns,
                    const std::vector<std::string>& names, const std::string& where) {
  std::vector<int32_t> axes = sample;
  std::erase(axes, 1);
  int64_t elements = 1;
  for (int32_t size : axes) elements *= size;
  const bool is_vector = axes.size() <= 1;
  const bool is_table = axes.size() == 2 && axes[1] == columns;
  if (is_table || (is_vector && elements % columns == 0)) return elements / columns;
  const std::string held = "has " + columns_text(columns, names) + ", ";
  if (is_vector)
    throw Error(
        where, held + "which do not divide the " + std::to_string(elements) + " numbers that the model reads",
        "Leave out columns that are no channels");
  if (axes.size() > 2)
    throw Error(where, held + "the model reads " + shape_text(sample) + ", which is no time x channels",
                "Prepare the samples and save them as .npz");
  throw Error(where,
              held + "axis 2 of the model's input (" + shape_text(axes) + ", time x channels) is " +
                  std::to_string(axes[1]),
              columns == 1
                  ? "If the model reads features of a sound, compute them and save them as .npz or CSV"
                  : "Keep the columns that the model was trained on, in its order");
}

std::vector<int64_t> window_starts(int64_t rows, int64_t rows_of_window, int64_t hop) {
  std::vector<int64_t> starts;
  for (int64_t start = 0; start <= rows - rows_of_window; start += hop) starts.push_back(start);
  return starts;
}

}  // namespace thaw
