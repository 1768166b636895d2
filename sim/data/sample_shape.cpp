// Compares, then looks for the most likely cause of a difference.
#include "sim/data/sample_shape.h"

#include <algorithm>

#include "sim/base/error.h"

namespace thaw {
namespace {

using Shape = std::vector<int32_t>;

int64_t elements(const Shape& shape) {
  int64_t product = 1;
  for (int32_t size : shape) product *= size;
  return product;
}

Shape without_ones(Shape shape) {
  std::erase(shape, 1);
  return shape;
}

bool is_channels_first(const Shape& held, const Shape& wanted) {
  if (held.size() != 3 || wanted.size() != 3) return false;
  if (held == Shape{wanted[2], wanted[0], wanted[1]}) return true;
  const auto is_channel_count = [](int32_t size) { return size == 1 || size == 3; };
  return is_channel_count(held[0]) && !is_channel_count(held[2]);
}

std::string hint_for(const Shape& held, const Shape& wanted) {
  if (is_channels_first(held, wanted))
    return "The channels come first: save x.transpose(0, 2, 3, 1), which is height x width x channels";
  Shape sorted_held = without_ones(held), sorted_wanted = without_ones(wanted);
  std::sort(sorted_held.begin(), sorted_held.end());
  std::sort(sorted_wanted.begin(), sorted_wanted.end());
  if (sorted_held == sorted_wanted) return "Save the axes in the model's order (numpy.transpose)";
  if (elements(held) == elements(wanted)) {
    std::string sizes;
    for (int32_t size : wanted) sizes += ", " + std::to_string(size);
    return "If only the axes are written differently, save x.reshape(-1" + sizes + ")";
  }
  return "Only uint8 images are resized: prepare the samples for this model";
}

/// "axis 2 is 10, not 12": every axis that differs, counted from 1; or the numbers of axes.
std::string difference_text(const Shape& held, const Shape& wanted) {
  if (held.size() != wanted.size())
    return std::to_string(held.size()) + (held.size() == 1 ? " axis, not " : " axes, not ") +
           std::to_string(wanted.size());
  std::string text;
  for (size_t axis = 0; axis < held.size(); ++axis)
    if (held[axis] != wanted[axis])
      text += (text.empty() ? "axis " : ", axis ") + std::to_string(axis + 1) + " is " +
              std::to_string(held[axis]) + ", not " + std::to_string(wanted[axis]);
  return text;
}

}  // namespace

std::string shape_text(const Shape& shape) {
  std::string text;
  for (int32_t size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "1" : text;
}

void check_sample_shape(Dataset& data, const Shape& wanted, const std::string& path,
                        const std::string& model) {
  const Shape& held = data.shape;
  if (held == wanted) return;
  const bool is_vector = without_ones(wanted).size() <= 1;
  const bool is_grey_image = data.format != "npz" && held.size() == 3 && held[2] == 1;
  const bool is_window = !data.train.recordings.empty();
  if (without_ones(held) == without_ones(wanted) ||
      (is_vector && (is_grey_image || is_window) && elements(held) == elements(wanted))) {
    data.notes.push_back("samples of " + shape_text(held) + " are read as " + shape_text(wanted) +
                         ", row by row");
    return;
  }
  throw Error(path,
              "a sample is " + shape_text(held) + ", the model '" + model + "' reads " + shape_text(wanted) +
                  (wanted.size() == 3 ? " (height x width x channels)" : "") + ": " +
                  difference_text(held, wanted),
              hint_for(held, wanted));
}

}  // namespace thaw
