// The loops of engine/kernels/dsp/conv2d_dsp.c, depthwise_conv2d_dsp.c and add_dsp.c, counted.
#include <algorithm>

#include "memmodel/cost/shapes.h"

namespace thaw {
namespace {

constexpr int32_t kRightShift = -2;  // shifts of at most this one go the short way

// ---- convolution ------------------------------------------------------------------------------------------

/// Bytes of a window that are copied in pieces and filled in, of output rows with `rows` kernel rows inside.
void add_window_rows(Work& work, const Window& w, int32_t rows, double outputs) {
  const int64_t bytes = int64_t{w.kernel_width} * w.input_channels;
  work.add("convolution: row of a window", outputs * w.kernel_height);
  work.add("convolution: word copied", outputs * rows * whole_groups(bytes, 4));
  work.add("convolution: byte copied", outputs * rows * static_cast<double>(bytes % 4));
  work.add("convolution: byte of padding", outputs * (w.kernel_height - rows) * static_cast<double>(bytes));
}

/// The same where some columns lie outside the image, or taps apart.
void add_edge_window(Work& work, const Window& w, int32_t x, int32_t rows) {
  const int32_t width = w.dilation_width == 1 ? w.kernel_width : 1;
  const int32_t channels = w.input_channels;
  for (int32_t kx = 0; kx < w.kernel_width; kx += width) {
    const int32_t in_x = x * w.stride_width - w.pad_left + kx * w.dilation_width;
    const int32_t begin = std::clamp(-in_x, 0, width), end = std::clamp(w.input_width - in_x, begin, width);
    const int64_t bytes = int64_t{end - begin} * channels;
    work.add("convolution: piece of an edge window", w.kernel_height);
    work.add("convolution: word copied", rows * whole_groups(bytes, 4));
    work.add("convolution: byte copied", static_cast<double>(rows * (bytes % 4)));
    work.add("convolution: byte of padding",
             static_cast<double>(rows * (int64_t{width} * channels - bytes) +
                                 int64_t{w.kernel_height - rows} * width * channels));
  }
}

void add_windows(Work& work, const Window& w) {
  const Axis down = rows_of(w), across = columns_of(w);
  for (int32_t y = 0; y < w.output_height; ++y) {
    const int32_t rows = down.inside(y);
    double inner = 0;
    for (int32_t x = 0; x < w.output_width; ++x) {
      const int32_t left = x * w.stride_width - w.pad_left;
      if (w.dilation_width == 1 && left >= 0 && left + w.kernel_width <= across.input)
        ++inner;
      else
        add_edge_window(work, w, x, rows);
    }
    work.add("convolution: inner window", inner);
    add_window_rows(work, w, rows, inner);
  }
}

void add_columns(Work& work, double positions, int64_t length) {
  work.add("convolution: four values of a column", positions * whole_groups(length, 4));
  work.add("convolution: rest of a column", positions * static_cast<double>(is_odd(length, 4)));
}

/// Positions that are written one by one.
void add_positions(Work& work, const ConvolutionForward& k, double positions, int64_t products,
                   int64_t trained) {
  const Window& w = k.window;
  work.add("convolution: position", positions);
  if (products > 0) {
    if (w.taps() > 1) add_windows(work, w);
    add_columns(work, positions, products);
  }
  if (trained == 0) return;
  work.add("convolution: trained position", positions);
  if (w.taps() > 1 || trained != w.input_channels) {
    work.add("convolution: trained tap", positions * static_cast<double>(w.taps()));
    work.add("convolution: trained value", positions * static_cast<double>(trained));
  }
  add_columns(work, positions, trained);
}

/// Four positions side by side.
void add_pixels(Work& work, int64_t four, int32_t channels) {
  const auto groups_of_four = static_cast<double>(four);
  work.add("convolution: four pixels", groups_of_four);
  work.add("convolution: four values of four pixels", groups_of_four * whole_groups(channels, 4));
  work.add("convolution: rest of four pixels", groups_of_four * static_cast<double>(is_odd(channels, 4)));
}

/// The outputs of a group of positions the long way; `count` positions in all.
void add_any_outputs(Work& work, const Window& w, int64_t group_count, int64_t positions, int64_t products,
                     int64_t trained, bool masked, const std::vector<int8_t>& shifts) {
  const auto rows = static_cast<double>(group_count * w.output_channels);
  work.add("convolution, any: block", static_cast<double>(group_count * groups(w.output_channels, 16)));
  if (products > 0) add_rows(work, "convolution, any", rows, products);
  if (trained > 0) add_rows(work, "convolution, any", rows, trained);
  const auto left =
      static_cast<double>(std::ranges::count_if(shifts, [](int8_t shift) { return shift > kRightShift; }));
  const auto outputs = static_cast<double>(positions);
  const double right = w.output_channels - left;
  const std::string name = !masked                      ? "output"
                           : w.output_channels % 8 == 0 ? "masked output"
                                                        : "output and bit";
  work.add("convolution, any: channel", rows);
  work.add("convolution, any: " + name, outputs * right);
  work.add("convolution, any: " + name + " of a large factor", outputs * left);
}

void add_one_pixel(Work& work, const Window& w, int64_t products, bool masked) {
  const double outputs = w.output_channels;
  add_rows(work, masked ? "convolution, one pixel, masked" : "convolution, one pixel", outputs, products);
}

}  // namespace

Work dsp_convolution(const Plan& plan, const ConvolutionForward& k, bool masked) {
  const Window& w = k.window;
  const int64_t products = k.weights.present() ? w.taps() * w.input_channels : 0;
  const int64_t trained = w.taps() * static_cast<int64_t>(k.trained_channels.size());
  const int64_t positions = w.output_positions(), channels = w.output_channels;
  Work work;
  work.add("convolution: call", 1);
  if (masked) work.add("mask: byte", static_cast<double>(groups(positions * channels, 8)));
  if (trained == 0 && is_one_pixel(w)) {
    add_one_pixel(work, w, products, masked);
    return work;
  }
  const std::vector<int8_t> shifts = shifts_of(plan, k);
  const bool whole = is_plain(w) && std::ranges::max(shifts) <= kRightShift && (!masked || channels % 8 == 0);
  const int64_t fours = positions / 4, rest = positions % 4;
  const bool pixels = trained == 0 && is_image(w);
  if (pixels) add_pixels(work, fours, w.input_channels);
  const auto alone = static_cast<double>(pixels ? rest : positions);
  if (alone > 0) add_positions(work, k, alone, products, trained);
  const auto rows = static_cast<double>(fours * channels);
  if (!whole) {
    add_any_outputs(work, w, fours, 4 * fours, products, trained, masked, shifts);
  } else if (masked || trained > 0 || !k.bias.present()) {
    if (products > 0) add_rows(work, "convolution, masked", rows, products);
    if (trained > 0) add_rows(work, "convolution, trained", rows, trained);
    work.add(masked ? "convolution, masked: outputs" : "convolution, masked: outputs without mask", rows);
  } else {
    add_rows(work, products % 4 == 0 ? "convolution, whole" : "convolution, odd", rows, products);
  }
  if (rest > 0) add_any_outputs(work, w, 1, rest, products, trained, masked, shifts);
  return work;
}

// ---- depthwise convolution --------------------------------------------------------------------------------

namespace {

/// The pairs of rows that a block reads, and how many pairs lie under each row of windows.
struct Pairs {
  int64_t read = 0;
  std::vector<int64_t> under;
};

Pairs pairs_of(const Window& w) {
  const int32_t rows = rows_of(w).reach(), pad = w.pad_top;
  const int32_t image_end = (pad + w.input_height + 1) / 2;
  Pairs pairs;
  int32_t next = pad > 0 ? pad / 2 : 0;
  for (int32_t y = 0; y < w.output_height; ++y) {
    const int32_t first = y * w.stride_height;
    next = std::max(next, first / 2);
    for (; next < (first + rows + 1) / 2 && next < image_end; ++next) ++pairs.read;
    const int32_t begin = std::max(first / 2, pad / 2), end = std::min((first + rows + 1) / 2, image_end);
    pairs.under.push_back(std::max(end - begin, 0));
  }
  return pairs;
}

const char* const kAnyDepthwise = "depthwise, any";

/// The windows of `blocks` blocks, each through rows of windows; `name` says which loop.
void add_pair_windows(Work& work, const std::string& name, const Pairs& pairs, int32_t columns, int32_t width,
                      double blocks) {
  work.add(name + ": row of windows", blocks * static_cast<double>(pairs.under.size()));
  for (const int64_t under : pairs.under) {
    const double windows = blocks * width;
    work.add(name + ": window", windows);
    if (columns == 3 && under == 2) {
      work.add(name + ": two pairs of three", windows);
      continue;
    }
    work.add(name + ": pair of rows", windows * static_cast<double>(under));
    if (name == kAnyDepthwise) work.add(name + ": column", windows * static_cast<double>(under * columns));
  }
}

/// What a block reads before its windows. `fast`: of four channels side by side.
void add_pair_reads(Work& work, const Window& w, const Pairs& pairs, double blocks, double values,
                    bool fast) {
  const int32_t columns =
      std::min(w.input_width, (w.output_width - 1) * w.stride_width + columns_of(w).reach() - w.pad_left);
  work.add("depthwise: pair of rows read", blocks * static_cast<double>(pairs.read));
  work.add(fast ? "depthwise: pixels read" : "depthwise: value read",
           (fast ? blocks : values) * static_cast<double>(pairs.read * columns));
}

struct Block {
  int32_t count = 4;
  bool trained = false, right = true;
};

std::vector<Block> blocks_of(const ConvolutionForward& k, const std::vector<int8_t>& shifts) {
  std::vector<Block> blocks(static_cast<size_t>(groups(k.window.output_channels, 4)));
  blocks.back().count = k.window.output_channels - 4 * static_cast<int32_t>(blocks.size() - 1);
  for (const uint16_t channel : k.trained_channels) blocks[channel / 4].trained = true;
  for (size_t c = 0; c < shifts.size(); ++c)
    if (shifts[c] > kRightShift) blocks[c / 4].right = false;
  return blocks;
}

void add_kernel(Work& work, const Window& w, const ConvolutionForward& k, const Block& block) {
  const bool dilated = w.dilation_height != 1 || w.dilation_width != 1;
  const int32_t height = rows_of(w).reach(), width = columns_of(w).reach();
  const auto taps = static_cast<double>(w.taps());
  if (!block.trained && !dilated && k.weights.present() && block.count == 4) {
    work.add("depthwise: tap", taps);
  } else {
    work.add("depthwise: weight set", taps * block.count);
    work.add("depthwise: tap set", taps);
    work.add("depthwise: word cleared", static_cast<double>(height * width));
  }
  int64_t pairs = groups(height, 2);
  if (w.output_height > 1 && w.stride_height % 2 != 0) pairs += groups(height + 1, 2);
  work.add("depthwise: pair of taps", static_cast<double>(pairs * width));
}

}  // namespace

Work dsp_depthwise(const Plan& plan, const ConvolutionForward& k, bool masked) {
  const Window& w = k.window;
  const int32_t columns = columns_of(w).reach(), width = w.output_width;
  const Pairs pairs = pairs_of(w);
  Work work;
  work.add("depthwise: call", 1);
  if (masked) work.add("mask: byte", static_cast<double>(groups(w.output_elements(), 8)));
  for (const Block& block : blocks_of(k, shifts_of(plan, k))) {
    work.add("depthwise: block", 1);
    add_kernel(work, w, k, block);
    add_pair_reads(work, w, pairs, 1, block.count, block.count == 4 && k.depth_multiplier == 1);
    const bool whole = block.count == 4 && block.right && is_plain(w) && w.output_channels % 4 == 0;
    if (whole && (columns == 3 || columns == 5 || columns == 7)) {
      add_pair_windows(work, "depthwise " + std::to_string(columns) + (masked ? ", masked" : ""), pairs,
                       columns, width, 1);
      continue;
    }
    add_pair_windows(work, kAnyDepthwise, pairs, columns, width, 1);
    const auto outputs = static_cast<double>(w.output_positions());
    const char* name = !masked       ? "depthwise, any: output"
                       : block.right ? "depthwise, any: masked output"
                                     : "depthwise, any: masked output of a large factor";
    work.add(name, outputs * block.count);
  }
  return work;
}

Work dsp_add(const AddForward& k, bool masked) {
  const bool plain = k.add.clamp_low == INT8_MIN && k.add.clamp_high == INT8_MAX;
  Work work;
  work.add("add: call", 1);
  work.add(std::string(plain ? "add: " : "add, clamped: ") + (masked ? "masked element" : "element"),
           k.add.elements);
  if (masked) work.add("add: byte of the mask", static_cast<double>(groups(k.add.elements, 8)));
  return work;
}

}  // namespace thaw
