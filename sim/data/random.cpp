// Order and mirroring of training samples.
#include "sim/data/random.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

namespace thaw {

std::vector<uint32_t> shuffle(uint32_t seed, uint32_t epoch, uint32_t count) {
  const uint32_t key = random_key(seed, RandomStream::shuffle, epoch);
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  for (uint32_t i = count; i-- > 1;) {
    const uint64_t product = uint64_t{random_word(key, i)} * (uint64_t{i} + 1);
    std::swap(order[i], order[static_cast<size_t>(product >> 32)]);
  }
  return order;
}

bool flipped(uint32_t seed, uint32_t epoch, uint32_t id) {
  return random_word(random_key(seed, RandomStream::flip, epoch), id) >> 31 == 1;
}

void flip_left_right(std::span<int8_t> image, int32_t height, int32_t width, int32_t channels) {
  const auto pixel = static_cast<size_t>(channels);
  const size_t row = static_cast<size_t>(width) * pixel;
  assert(image.size() == static_cast<size_t>(height) * row);
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    int8_t* left = image.data() + y * row;
    int8_t* right = left + row - pixel;
    for (; left < right; left += pixel, right -= pixel) std::swap_ranges(left, left + pixel, right);
  }
}

}  // namespace thaw
