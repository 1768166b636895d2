// The loops of engine/kernels/helium/conv2d_helium.c, depthwise_conv2d_helium.c and add_helium.c, counted.
#include <algorithm>

#include "memmodel/cost/shapes.h"

namespace thaw {
namespace {

constexpr int64_t kBytes = 16, kLanes = 4;

/// How a channel's outputs leave: "masked", "limited" (the clamp is int8's) or "clamped".
std::string way_out(const Window& w, bool masked) {
  return masked ? "masked" : is_plain(w) ? "limited" : "clamped";
}

/// Channels whose four outputs are stored at once.
int64_t usual_channels(const Window& w, const std::vector<int8_t>& shifts, bool masked) {
  if (masked && w.output_channels % 8 != 0) return 0;
  return std::ranges::count_if(shifts, [](int8_t shift) { return shift <= -1; });
}

// ---- convolution ------------------------------------------------------------------------------------------

/// All outputs of `channels` usual channels whose windows are pixels.
void add_pixel_fours(Work& work, const Window& w, double channels, bool masked) {
  const int64_t count = w.input_channels, positions = w.output_positions();
  const auto fours = whole_groups(positions, kLanes);
  const std::string way = way_out(w, masked);
  const bool held = way != "clamped" && count % 8 == 0 && count <= 48;
  if (held) {
    work.add("convolution, held: channel", channels);
    work.add("convolution, held: four " + way + " outputs", channels * fours);
    work.add("convolution, held: sixteen products", channels * fours * whole_groups(count, kBytes));
    work.add("convolution, held: eight products",
             channels * fours * static_cast<double>(is_odd(count, kBytes)));
  }
  const double rest = positions % kLanes != 0 ? 1.0 : 0.0;
  const double others = channels * ((held ? 0.0 : fours) + rest);
  work.add("convolution, pixels: four " + way + " outputs", others);
  work.add("convolution, pixels: sixteen products", others * static_cast<double>(groups(count, kBytes)));
}

Work by_pixels(const Plan& plan, const ConvolutionForward& k, bool masked) {
  const Window& w = k.window;
  const int64_t count = w.input_channels, positions = w.output_positions();
  const auto trained = static_cast<int64_t>(k.trained_channels.size());
  const double channels = w.output_channels;
  Work work;
  work.add("convolution, pixels: channel", channels);
  work.add("sum: sixteen values", channels * static_cast<double>(groups(count, kBytes)));
  if (trained > 0 && trained < count) {
    work.add("convolution: mixed row", channels);
    work.add("copy: sixteen values", channels * static_cast<double>(groups(count, kBytes)));
    work.add("spread: eight values", channels * static_cast<double>(groups(trained, 8)));
  }
  const auto usual =
      positions < kLanes ? 0.0 : static_cast<double>(usual_channels(w, shifts_of(plan, k), masked));
  if (usual > 0) add_pixel_fours(work, w, usual, masked);
  const double alone = (channels - usual) * static_cast<double>(positions);
  work.add("convolution, pixels: output alone", alone);
  if (masked) work.add("convolution: bit alone", alone);
  work.add("convolution, pixels: sixteen products alone", alone * static_cast<double>(groups(count, kBytes)));
  return work;
}

/// The window of output (y, x), read `times` times.
void add_window(Work& work, const Window& w, int32_t y, int32_t x, double times) {
  const int32_t width = w.dilation_width == 1 ? w.kernel_width : 1;
  const double rows = rows_of(w).inside(y), outside = w.kernel_height - rows;
  for (int32_t kx = 0; kx < w.kernel_width; kx += width) {
    const int32_t in_x = x * w.stride_width - w.pad_left + kx * w.dilation_width;
    const int32_t begin = std::clamp(-in_x, 0, width), end = std::clamp(w.input_width - in_x, begin, width);
    const auto vectors = [&](int32_t pixels) {
      return static_cast<double>(groups(int64_t{pixels} * w.input_channels, kBytes));
    };
    work.add("convolution: piece of a window", times * w.kernel_height);
    work.add("copy: sixteen values", times * rows * vectors(end - begin));
    work.add("fill: row", times * (rows * ((begin > 0 ? 1 : 0) + (end < width ? 1 : 0)) + outside));
    work.add("fill: sixteen values",
             times * (rows * (vectors(begin) + vectors(width - end)) + outside * vectors(width)));
  }
}

/// The windows of all groups of four positions; the last group may begin earlier.
void add_windows(Work& work, const Window& w, int64_t products, int64_t trained, double times) {
  const int64_t positions = w.output_positions();
  for (int64_t p = 0; p < positions; p += kLanes) {
    const int64_t made = std::min(positions, kLanes);
    const int64_t first = std::min(p, positions - made);
    for (int64_t q = first; q < first + made; ++q) {
      work.add("convolution: window", times);
      if (products > 0)
        add_window(work, w, static_cast<int32_t>(q / w.output_width),
                   static_cast<int32_t>(q % w.output_width), times);
      work.add("convolution: trained value of a window", times * static_cast<double>(trained));
      if (trained > 0)
        work.add("convolution: trained tap of a window", times * static_cast<double>(w.taps()));
    }
  }
}

Work by_windows(const Plan& plan, const ConvolutionForward& k, bool masked) {
  const Window& w = k.window;
  const int64_t products = k.weights.present() ? w.taps() * w.input_channels : 0;
  const int64_t trained = w.taps() * static_cast<int64_t>(k.trained_channels.size());
  const int64_t positions = w.output_positions();
  const double channels = w.output_channels, fours = static_cast<double>(groups(positions, kLanes));
  const auto frozen_vectors = static_cast<double>(groups(products, kBytes));
  const auto trained_vectors = static_cast<double>(groups(trained, kBytes));
  Work work;
  work.add("convolution, windows: channel", channels);
  work.add("sum: sixteen values", channels * (frozen_vectors + trained_vectors));
  add_windows(work, w, products, trained,
              static_cast<double>(groups(w.output_channels, std::max<int64_t>(products + trained, 1))));
  const double usual =
      positions < kLanes ? 0.0 : static_cast<double>(usual_channels(w, shifts_of(plan, k), masked));
  work.add("convolution, windows: four " + way_out(w, masked) + " outputs", usual * fours);
  work.add("convolution, windows: four outputs alone", (channels - usual) * fours);
  const double made = static_cast<double>(std::min(positions, kLanes));
  work.add("convolution, windows: output alone", (channels - usual) * fours * made);
  if (masked) work.add("convolution: bit alone", (channels - usual) * fours * made);
  if (products > 0) work.add("convolution, windows: frozen row", channels * fours);
  if (trained > 0) work.add("convolution, windows: trained row", channels * fours);
  work.add("convolution, windows: sixteen products", channels * fours * (frozen_vectors + trained_vectors));
  return work;
}

}  // namespace

Work helium_convolution(const Plan& plan, const ConvolutionForward& k, bool masked) {
  Work work =
      is_image(k.window) || is_one_pixel(k.window) ? by_pixels(plan, k, masked) : by_windows(plan, k, masked);
  work.add("convolution: call", 1);
  if (masked) work.add("mask: byte", static_cast<double>(groups(k.window.output_elements(), 8)));
  return work;
}

// ---- depthwise convolution --------------------------------------------------------------------------------

namespace {

/// Rows of the image and of padding that a channel puts into its ring.
struct RingRows {
  double image = 0, padding = 0;
};

RingRows ring_rows(const Window& w) {
  const int32_t reach = rows_of(w).reach();
  RingRows rows;
  int32_t next = -w.pad_top;
  for (int32_t y = 0; y < w.output_height; ++y) {
    const int32_t first = y * w.stride_height - w.pad_top;
    next = std::max(next, first);
    for (; next < first + reach; ++next)
      (next < 0 || next >= w.input_height ? rows.padding : rows.image) += 1;
  }
  return rows;
}

void add_ring(Work& work, const Window& w, double channels) {
  const RingRows rows = ring_rows(w);
  const int32_t columns = (w.output_width - 1) * w.stride_width + columns_of(w).reach();
  const int32_t read = std::min(w.input_width, columns - w.pad_left);
  work.add("ring: row", channels * (rows.image + rows.padding));
  work.add("spread: eight values", channels * (rows.image * static_cast<double>(groups(read, 8)) +
                                               rows.padding * static_cast<double>(groups(columns, 8))));
}

/// The outputs of usual channels: the kernel stays in `pieces` vectors.
void add_ring_fours(Work& work, const Window& w, int64_t bytes, double channels, bool masked) {
  const double rows = channels * w.output_height;
  const double fours = rows * static_cast<double>(groups(w.output_width, kLanes));
  const auto pieces = static_cast<double>(groups(bytes, kBytes));
  work.add("depthwise: row", rows);
  work.add("depthwise: piece of a row", rows * pieces);
  work.add(std::string("depthwise: four ") + (masked ? "masked" : "limited") + " outputs", fours);
  work.add("depthwise: sixteen products", fours * pieces);
  if (w.output_width % kLanes != 0) work.add("depthwise: last four of a row", rows);
}

}  // namespace

Work helium_depthwise(const Plan& plan, const ConvolutionForward& k, bool masked) {
  const Window& w = k.window;
  const int64_t bytes = int64_t{rows_of(w).reach()} * columns_of(w).reach();
  const bool small = bytes <= 4 * kBytes && w.output_width >= kLanes;
  const double channels = w.output_channels, taps = static_cast<double>(w.taps());
  const bool ways = masked || is_plain(w);
  const double usual =
      small && ways ? static_cast<double>(usual_channels(w, shifts_of(plan, k), masked)) : 0.0;
  const double alone = (channels - usual) * static_cast<double>(w.output_positions());
  Work work;
  work.add("depthwise: call", 1);
  if (masked) work.add("mask: byte", static_cast<double>(groups(w.output_elements(), 8)));
  work.add("depthwise: channel", channels);
  if (small) {
    work.add("depthwise: kernel", channels);
    work.add("spread: eight values", channels * 2 * static_cast<double>(groups(w.taps(), 8)));
    work.add("sum: sixteen values", channels * static_cast<double>(groups(2 * bytes, kBytes)));
  } else {
    work.add("depthwise: weight summed", channels * taps);
  }
  add_ring(work, w, channels);
  add_ring_fours(work, w, bytes, usual, masked);
  work.add("depthwise: output alone", alone);
  if (masked) work.add("depthwise: bit alone", alone);
  work.add("depthwise: row of taps alone", alone * w.kernel_height);
  work.add("depthwise: product alone", alone * taps);
  return work;
}

Work helium_add(const AddForward& k, bool masked) {
  const int64_t elements = k.add.elements, together = masked ? elements / 8 * 8 : elements / 4 * 4;
  Work work;
  work.add("add: call", 1);
  if (masked) work.add("mask: byte", static_cast<double>(groups(elements, 8)));
  work.add(masked ? "add: four masked elements" : "add: four elements", whole_groups(together, 4));
  work.add(masked ? "add: masked element alone" : "add: element alone",
           static_cast<double>(elements - together));
  return work;
}

}  // namespace thaw
