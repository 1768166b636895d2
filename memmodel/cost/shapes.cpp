// See shapes.h.
#include "memmodel/cost/shapes.h"

#include <cstring>

namespace thaw {

int32_t Axis::inside(int32_t at) const {
  int32_t count = 0;
  for (int32_t k = 0; k < kernel; ++k) {
    const int32_t place = at * stride - pad + k * dilation;
    if (place >= 0 && place < input) ++count;
  }
  return count;
}

int32_t Axis::readers(int32_t at) const {
  int32_t count = 0;
  for (int32_t k = 0; k < kernel; ++k) {
    const int32_t place = at + pad - k * dilation;
    if (place >= 0 && place % stride == 0 && place / stride < output) ++count;
  }
  return count;
}

int64_t Axis::all_inside() const {
  int64_t count = 0;
  for (int32_t at = 0; at < output; ++at) count += inside(at);
  return count;
}

int64_t Axis::all_readers() const {
  int64_t count = 0;
  for (int32_t at = 0; at < input; ++at) count += readers(at);
  return count;
}

std::vector<int8_t> shifts_of(const Plan& plan, const ConvolutionForward& k) {
  if (!k.shifts.present()) return std::vector<int8_t>(static_cast<size_t>(k.window.output_channels), -2);
  const std::vector<std::byte>& bytes = plan.buffer(k.shifts).data;
  std::vector<int8_t> values(bytes.size());
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

void add_rows(Work& work, const std::string& name, double rows, int64_t length) {
  work.add(name + ": row", rows);
  work.add(name + ": eight products", rows * whole_groups(length, 8));
  work.add(name + ": four more products", rows * static_cast<double>(is_odd(length / 4, 2)));
  work.add(name + ": rest of a row", rows * static_cast<double>(is_odd(length, 4)));
}

void add_weight_steps(Work& work, int32_t fraction_bits, double count) {
  work.add("update: weight of " + std::to_string(fraction_bits) + " fraction bits", count);
}

}  // namespace thaw
