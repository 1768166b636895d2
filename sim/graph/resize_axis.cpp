#include "sim/graph/resize_axis.h"

#include <algorithm>
#include <cmath>

namespace thaw {
namespace {

int32_t nearest(const Resize& resize, int32_t in, int32_t out, int32_t position) {
  const bool corners = resize.align_corners && out > 1;
  const float scale = corners ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                              : static_cast<float>(in) / static_cast<float>(out);
  const float at = (static_cast<float>(position) + (resize.half_pixel_centers ? 0.5F : 0.0F)) * scale;
  const auto whole = static_cast<int32_t>(resize.align_corners ? std::round(at) : std::floor(at));
  return std::clamp(whole, 0, in - 1);
}

/// Input positions an output position, in 1/1024.
int64_t step_of(const Resize& resize, int32_t in, int32_t out) {
  if (resize.align_corners && out > 1) return (int64_t{1024} * (in - 1) + (out - 1) / 2) / (out - 1);
  return (int64_t{1024} * in + out / 2) / out;
}

}  // namespace

std::vector<int32_t> nearest_readers(const Resize& resize, int32_t in, int32_t out) {
  std::vector<int32_t> first(static_cast<size_t>(in) + 1, out);
  // What an output reads never falls: counted from behind, the last written is the first that reads.
  for (int32_t position = out; position-- > 0;)
    first[static_cast<size_t>(nearest(resize, in, out, position))] = position;
  for (size_t y = static_cast<size_t>(in); y-- > 0;) first[y] = std::min(first[y], first[y + 1]);
  return first;
}

std::vector<int32_t> bilinear_positions(const Resize& resize, int32_t in, int32_t out) {
  const int64_t step = step_of(resize, in, out);
  std::vector<int32_t> result;
  for (int64_t position = 0; position < out; ++position) {
    const int64_t at = position * step + (resize.half_pixel_centers ? step / 2 - 512 : 0);
    const int64_t lower = std::max<int64_t>(at / 1024, 0);
    const int64_t upper = std::min<int64_t>((at + 1023) / 1024, in - 1);
    for (int64_t v : {lower, upper, at - 1024 * lower}) result.push_back(static_cast<int32_t>(v));
  }
  return result;
}

bool resize_fits(const Resize& resize, int32_t in, int32_t out) {
  if (!resize.bilinear) return true;
  const int64_t step = step_of(resize, in, out);
  const int64_t last = (int64_t{out} - 1) * step + (resize.half_pixel_centers ? step / 2 - 512 : 0);
  return last / 1024 < in && last <= INT32_MAX - 1024;
}

}  // namespace thaw
