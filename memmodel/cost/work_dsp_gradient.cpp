// The loops of engine/kernels/dsp/gradient_dsp.c and gradient_windows.h, counted.
#include <algorithm>

#include "memmodel/cost/shapes.h"

namespace thaw {
namespace {

enum class Kind { features, elements, stored, wide_stored, convolution, depthwise, rule };

/// A source as the kernel sees it.
struct Source {
  Kind kind = Kind::rule;
  const FromConvolution* from = nullptr;
  bool wide = false;    // its gradient has 16 bits
  bool blocks = false;  // its values come block by block of four channels
};

Source source_of(const Plan& plan, const MakeGradient& k, const GradientSource& given) {
  Source source;
  if (const auto* features = std::get_if<FromFeatures>(&given.from)) {
    source.kind = features->per_element ? Kind::elements : Kind::features;
    source.blocks = true;
  } else if (const auto* stored = std::get_if<FromStored>(&given.from)) {
    source.wide = is_wide(plan, stored->tensor);
    source.kind = source.wide ? Kind::wide_stored : Kind::stored;
    source.blocks = true;
  } else if (const auto* from = std::get_if<FromConvolution>(&given.from)) {
    source.kind = from->depthwise ? Kind::depthwise : Kind::convolution;
    source.from = from;
    source.wide = is_wide(plan, from->tensor);
    source.blocks = !from->depthwise && from->window.input_channels == k.channels;
  }
  return source;
}

bool has_windows(const Source& source) {
  return source.kind == Kind::convolution && !source.from->window.is_pointwise();
}

/// Whether the taps of a row side by side are one run (thaw_window_is_usual).
bool has_runs(const Source& source) {
  const Window& w = source.from->window;
  return !source.wide && w.dilation_height == 1 && w.dilation_width == 1 && w.output_channels % 4 == 0;
}

// ---- convolutions -----------------------------------------------------------------------------------------

/// The weights of all blocks of the target, packed; `count` channels in the last block.
void add_tiles(Work& work, const Source& source, int32_t channels) {
  const Window& w = source.from->window;
  const int64_t outputs = w.output_channels, taps = w.taps();
  const int64_t whole_blocks = channels / 4, rest = channels % 4;
  const auto trained = static_cast<int64_t>(source.from->trained_channels.size());
  const bool all_trained = trained == w.input_channels;
  const bool packs = source.from->weights.present() || (w.is_pointwise() && all_trained);
  const auto tiles = static_cast<double>(taps * whole_blocks);
  if (packs) {
    work.add("tile: begin", static_cast<double>(taps * groups(channels, 4)));
    work.add("tile: four rows", tiles * whole_groups(outputs, 4));
    work.add("tile: last rows", tiles * static_cast<double>(is_odd(outputs, 4)));
    work.add("tile: slow value", static_cast<double>(taps * groups(outputs, 4) * 4 * rest));
  } else {
    work.add("tile: word cleared", static_cast<double>(taps * groups(channels, 4) * groups(outputs, 4) * 8));
  }
  if (trained == 0 || (w.is_pointwise() && all_trained)) return;
  work.add("tile: trained channel sought", static_cast<double>(trained * groups(channels, 4)));
  work.add("tile: trained value", static_cast<double>(trained * taps * outputs));
}

/// The sums at all positions for `blocks` blocks, of a convolution with windows whose taps are runs.
void add_runs(Work& work, const Window& w, double blocks) {
  const Axis down = rows_of(w), across = columns_of(w);
  const auto rows = static_cast<double>(down.all_readers());
  for (int32_t x = 0; x < w.input_width; ++x) {
    const int64_t length = int64_t{across.readers(x)} * w.output_channels;
    if (length == 0) continue;
    work.add("gradient of windows: run", blocks * rows);
    work.add("gradient of windows: eight products", blocks * rows * static_cast<double>(length) / 8);
  }
  work.add("gradient of windows: position", blocks * static_cast<double>(w.input_positions()));
}

/// The same for any convolution, tap by tap.
void add_taps(Work& work, const Source& source, double blocks) {
  const Window& w = source.from->window;
  const auto positions = static_cast<double>(w.input_positions());
  const auto reached = static_cast<double>(rows_of(w).all_readers() * columns_of(w).all_readers());
  work.add("gradient of taps: position", blocks * positions);
  work.add("gradient of taps: tap", blocks * positions * static_cast<double>(w.taps()));
  if (source.wide) {
    work.add("gradient of taps: wide tap", blocks * reached);
    work.add("gradient of taps: wide value", blocks * reached * w.output_channels);
  } else {
    add_rows(work, "gradient of taps", blocks * reached, w.output_channels);
  }
}

void add_windows(Work& work, const Source& source, double blocks) {
  if (has_runs(source))
    add_runs(work, source.from->window, blocks);
  else
    add_taps(work, source, blocks);
}

// ---- four channels of an int8 tensor ----------------------------------------------------------------------

void add_four(Work& work, const Source& source, double blocks, double positions) {
  switch (source.kind) {
    case Kind::features:
    case Kind::elements:
      work.add("gradient of fours: accumulators", blocks * positions);
      return;
    case Kind::stored:
    case Kind::wide_stored:
      work.add("gradient of fours: stored", blocks * positions);
      return;
    case Kind::convolution:
      work.add("gradient of fours: convolution", blocks * positions);
      if (has_windows(source))
        add_windows(work, source, blocks);
      else
        add_rows(work, "gradient of fours", blocks * positions, source.from->window.output_channels);
      return;
    case Kind::depthwise:
    case Kind::rule:
      return;  // never by fours
  }
}

Work by_fours(const MakeGradient& k, const std::vector<Source>& sources) {
  const double blocks = whole_groups(k.channels, 4), positions = k.positions;
  Work work;
  work.add("gradient of fours: block", blocks);
  for (const Source& source : sources)
    if (source.kind == Kind::convolution) add_tiles(work, source, k.channels);
  if (k.mask.present()) work.add("gradient of fours: mask", blocks * positions);
  if (sources.size() == 2 || sources[0].kind != Kind::convolution) {
    work.add(sources.size() == 2 ? "gradient of fours: two sources" : "gradient of fours: one source",
             blocks * positions);
    for (const Source& source : sources) add_four(work, source, blocks, positions);
  } else if (has_windows(sources[0])) {
    work.add("gradient of windows: stored", blocks * positions);
    add_windows(work, sources[0], blocks);
  } else {
    add_rows(work, "gradient of pixels", blocks * positions, sources[0].from->window.output_channels);
  }
  return work;
}

// ---- any tensor, four channels and sixteen positions at a time
// ---------------------------------------------

void add_block_values(Work& work, const MakeGradient& k, const Source& source) {
  const double blocks = static_cast<double>(groups(k.channels, 4)), positions = k.positions;
  if (source.kind != Kind::convolution) {
    work.add(source.wide ? "gradient of blocks: wide value" : "gradient of blocks: value",
             positions * k.channels);
    work.add("gradient of blocks: position", blocks * positions);
    return;
  }
  add_tiles(work, source, k.channels);
  if (source.wide || has_windows(source)) {
    work.add("gradient of blocks: position of windows", blocks * positions);
    add_windows(work, source, blocks);
  } else {
    add_rows(work, "gradient of blocks", blocks * positions, source.from->window.output_channels);
  }
}

Work by_blocks(const Plan& plan, const MakeGradient& k, const std::vector<Source>& sources) {
  const double values = static_cast<double>(k.positions) * k.channels;
  const bool wide = is_wide(plan, k.tensor);
  Work work;
  work.add("gradient of blocks: sixteen positions",
           static_cast<double>(groups(k.channels, 4) * groups(k.positions, 16)));
  work.add("gradient of blocks: channel", static_cast<double>(k.channels * groups(k.positions, 16)));
  for (const Source& source : sources) add_block_values(work, k, source);
  work.add(wide ? "gradient of blocks: wide store" : "gradient of blocks: store", values);
  if (sources.size() == 2) work.add("gradient of blocks: second source", values);
  if (k.mask.present())
    work.add(k.channels % 8 == 0 ? "gradient of blocks: bit" : "gradient of blocks: bit sought", values);
  return work;
}

// ---- depthwise convolutions -------------------------------------------------------------------------------

/// The turned taps that meet rows (or columns) of one remainder by the stride.
int32_t taps_at(int32_t place, int32_t stride, int32_t kernel) {
  const int32_t first = place % stride;
  return first < kernel ? (kernel - 1 - first) / stride + 1 : 0;
}

/// A row of windows of one remainder: `width` of them, `columns` taps wide over `under` pairs.
void add_turned_row(Work& work, const std::string& name, int64_t under, int32_t columns, int32_t width,
                    double blocks) {
  const double windows = blocks * width;
  work.add("gradient of planes: row of windows", blocks);
  work.add(name + ": window", windows);
  if (columns == 3 && under == 2) {
    work.add(name + ": two pairs of three", windows);
    return;
  }
  work.add(name + ": pair of rows", windows * static_cast<double>(under));
  if (name.find_first_of("35") == std::string::npos)
    work.add(name + ": column", windows * static_cast<double>(under * columns));
}

/// Columns of the input of each remainder by the stride.
int32_t columns_at(const Window& w, int32_t remainder) {
  const int32_t stride = w.stride_width;
  const int32_t first = ((remainder - w.pad_left) % stride + stride) % stride;
  return first < w.input_width ? (w.input_width - 1 - first) / stride + 1 : 0;
}

void add_planes(Work& work, const Window& w, bool usual, double blocks, double wide_values) {
  const int32_t pad_top = (w.kernel_height - 1) / w.stride_height;
  const int32_t plane_end = (pad_top + w.output_height + 1) / 2;
  const int32_t room = (w.input_width - 1 + w.pad_left) / w.stride_width + 1;
  int32_t next = pad_top / 2;
  int64_t read = 0;
  for (int32_t y = 0; y < w.input_height; ++y) {
    const int32_t place = y + w.pad_top;
    const int32_t rows = taps_at(place, w.stride_height, w.kernel_height);
    const int32_t first = place / w.stride_height - rows + 1 + pad_top;
    next = std::max(next, first / 2);
    for (; next < (first + rows + 1) / 2 && next < plane_end; ++next) ++read;
    const int32_t begin = std::max(first / 2, pad_top / 2);
    const int32_t end = std::min(rows > 0 ? (first + rows + 1) / 2 : begin, plane_end);
    for (int32_t remainder = 0; remainder < w.stride_width; ++remainder) {
      const int32_t columns = taps_at(remainder, w.stride_width, w.kernel_width);
      const std::string width = columns == 3 || columns == 5 ? std::to_string(columns) : ", any";
      add_turned_row(work, usual ? "gradient of planes " + width : "gradient of planes, slow",
                     std::max(end - begin, 0), columns, columns_at(w, remainder), blocks);
    }
  }
  const auto pixels = static_cast<double>(read * std::min(w.output_width, room));
  work.add("gradient of planes: row", blocks * w.input_height);
  work.add("depthwise: pair of rows read", blocks * static_cast<double>(read));
  if (wide_values > 0)
    work.add("depthwise: value read", wide_values * pixels);
  else
    work.add("depthwise: pixels read", blocks * pixels);
}

void add_turned_kernels(Work& work, const FromConvolution& from, int32_t channels, double blocks) {
  const Window& w = from.window;
  const auto taps = static_cast<double>(w.taps());
  std::vector<bool> slow(static_cast<size_t>(blocks), !from.weights.present());
  if (channels % 4 != 0) slow.back() = true;
  for (const uint16_t channel : from.trained_channels) slow[channel / 4] = true;
  const auto slow_blocks = static_cast<double>(std::ranges::count(slow, true));
  work.add("depthwise: tap", taps * (blocks - slow_blocks));
  work.add("depthwise: weight set", taps * 4 * slow_blocks);
  work.add("depthwise: tap set", taps * slow_blocks);
  work.add("depthwise: word cleared", taps * slow_blocks);
  for (int32_t y = 0; y < std::min(w.stride_height, w.kernel_height); ++y) {
    const int32_t rows = taps_at(y, w.stride_height, w.kernel_height);
    const auto pairs = static_cast<double>(groups(rows, 2) + groups(rows + 1, 2));
    work.add("gradient of planes: kernel", blocks * 2 * w.stride_width);
    work.add("depthwise: pair of taps", blocks * pairs * w.kernel_width);
  }
}

Work by_depthwise(const Plan& plan, const MakeGradient& k, const Source& source) {
  const Window& w = source.from->window;
  const bool usual = !is_wide(plan, k.tensor) && k.channels % 4 == 0;
  const auto blocks = static_cast<double>(groups(k.channels, 4));
  Work work;
  work.add("gradient of planes: block", blocks);
  add_turned_kernels(work, *source.from, k.channels, blocks);
  const bool slow_reads = source.wide;
  const double slow_values = slow_reads ? k.channels : k.channels % 4;
  add_planes(work, w, usual, blocks, slow_reads ? slow_values : 0);
  if (!usual) work.add("gradient of planes, slow: value", static_cast<double>(k.positions) * k.channels);
  if (k.mask.present() && usual) work.add("gradient of planes: mask", blocks * k.positions);
  return work;
}

bool is_usual_depthwise(const MakeGradient& k, const Source& source) {
  if (source.kind != Kind::depthwise || source.from->depth_multiplier != 1) return false;
  const Window& w = source.from->window;
  return w.input_channels == k.channels && w.dilation_height == 1 && w.dilation_width == 1;
}

}  // namespace

Work dsp_gradient(const Plan& plan, const MakeGradient& k) {
  std::vector<Source> sources;
  for (const GradientSource& given : k.sources) sources.push_back(source_of(plan, k, given));
  const bool blocks = std::ranges::all_of(sources, [](const Source& s) { return s.blocks; });
  const bool wide = std::ranges::any_of(sources, [](const Source& s) { return s.wide; });
  if (blocks && !wide && !is_wide(plan, k.tensor) && k.channels % 4 == 0) return by_fours(k, sources);
  if (blocks) return by_blocks(plan, k, sources);
  if (sources.size() == 1 && is_usual_depthwise(k, sources[0])) return by_depthwise(plan, k, sources[0]);
  return gradient_by_rows(plan, k);
}

}  // namespace thaw
