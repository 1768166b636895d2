// The loops of engine/kernels/helium/gradient_helium.c, counted.
#include <algorithm>

#include "memmodel/cost/shapes.h"
#include "sim/plan/scratch.h"

namespace thaw {
namespace {

constexpr int64_t kVectorBytes = 16, kQuad = 4;

/// Whether all values of a source come channel by channel of the target.
bool has_channels(const Plan& plan, const MakeGradient& k, const GradientSource& source) {
  if (std::holds_alternative<FromFeatures>(source.from)) return true;
  if (const auto* stored = std::get_if<FromStored>(&source.from)) return !is_wide(plan, stored->tensor);
  const auto* from = std::get_if<FromConvolution>(&source.from);
  return from != nullptr && !from->depthwise && from->window.input_channels == k.channels &&
         !is_wide(plan, from->tensor);
}

/// The weights of all channels, a column each.
void add_columns(Work& work, const Window& w) {
  const auto taps = static_cast<double>(w.taps()) * w.input_channels;
  work.add("gradient of channels: column", w.input_channels);
  work.add("gradient of channels: tap of a column", taps);
  work.add("spread: eight values", taps * static_cast<double>(groups(w.output_channels, 8)));
}

/// Sums at four positions at a time, tap by tap; a tap that none of the four reads costs a look.
void add_taps(Work& work, const Window& w, double channels) {
  const Axis down = rows_of(w), across = columns_of(w);
  const auto reads = [](const Axis& axis, int32_t at, int32_t k) {
    const int32_t place = at + axis.pad - k * axis.dilation;
    return place >= 0 && place % axis.stride == 0 && place / axis.stride < axis.output;
  };
  const auto positions = static_cast<int32_t>(w.input_positions());
  int64_t any = 0;
  for (int32_t p = 0; p < positions; p += kQuad)
    for (int32_t ky = 0; ky < w.kernel_height; ++ky)
      for (int32_t kx = 0; kx < w.kernel_width; ++kx) {
        bool read = false;
        for (int32_t q = p; q < std::min<int32_t>(p + kQuad, positions); ++q)
          read = read || (reads(down, q / w.input_width, ky) && reads(across, q % w.input_width, kx));
        if (read) ++any;
      }
  const auto taps = static_cast<double>(w.taps());
  work.add("gradient of taps: four positions", channels * static_cast<double>(groups(positions, kQuad)));
  work.add("gradient of taps: tap", channels * taps * static_cast<double>(groups(positions, kQuad)));
  work.add("gradient of taps: position under a tap", channels * taps * positions);
  work.add("gradient of taps: tap of any", channels * static_cast<double>(any));
  work.add("gradient of taps: sixteen products",
           channels * static_cast<double>(any * groups(w.output_channels, kVectorBytes)));
}

void add_source(Work& work, const MakeGradient& k, const GradientSource& source) {
  const double channels = k.channels, fours = channels * static_cast<double>(groups(k.positions, kQuad));
  const auto* from = std::get_if<FromConvolution>(&source.from);
  if (from == nullptr) {
    const bool stored = std::holds_alternative<FromStored>(source.from);
    work.add(stored ? "gradient of channels: four stored" : "gradient of channels: four accumulators", fours);
    return;
  }
  const Window& w = from->window;
  add_columns(work, w);
  if (!w.is_pointwise()) {
    add_taps(work, w, channels);
    return;
  }
  const double whole = channels * whole_groups(k.positions, 4),
               rest = channels * (k.positions % 4 != 0 ? 1 : 0);
  work.add("gradient of channels: four of pixels", whole);
  work.add("gradient of channels: sixteen products",
           whole * static_cast<double>(groups(w.output_channels, kVectorBytes)));
  work.add("gradient of channels: rest of pixels", rest);
  work.add("gradient of taps: sixteen products",
           rest * static_cast<double>(groups(w.output_channels, kVectorBytes)));
}

/// Whether four values of a channel are stored at once.
bool is_usual(const Plan& plan, const MakeGradient& k) {
  return !is_wide(plan, k.tensor) && (!k.mask.present() || k.channels % 8 == 0);
}

Work by_channels(const Plan& plan, const MakeGradient& k) {
  const double channels = k.channels;
  const bool usual = is_usual(plan, k);
  const double fours = usual ? channels * whole_groups(k.positions, 4) : 0;
  const double all = channels * static_cast<double>(groups(k.positions, kQuad));
  Work work;
  work.add("gradient of channels: channel", channels);
  for (const GradientSource& source : k.sources) add_source(work, k, source);
  if (k.sources.size() == 2) work.add("gradient of channels: second source", all);
  work.add("gradient of channels: four stored away", fours);
  if (k.mask.present()) work.add("gradient of channels: four masked", fours);
  work.add("gradient of channels: some stored away", all - fours);
  work.add("gradient of channels: value stored away",
           usual ? channels * (k.positions % 4) : channels * k.positions);
  return work;
}

// ---- depthwise convolutions -------------------------------------------------------------------------------

/// Whether the ring has room (is_usual_depthwise of the kernel).
bool fits_ring(const Plan& plan, const MakeGradient& k, const FromConvolution& from) {
  const Window& w = from.window;
  if (from.depth_multiplier != 1 || w.input_channels != k.channels || is_wide(plan, from.tensor))
    return false;
  const int64_t rows = rows_of(w).reach(), width = columns_of(w).reach(), bytes = rows * width;
  const bool small = bytes <= 4 * kVectorBytes;
  const int64_t behind = 2 * bytes + rows + 1 + groups(bytes, kVectorBytes) * kVectorBytes + w.taps();
  const int64_t need = rows * (w.input_width + width - 1) + (small ? behind : 0) + kVectorBytes;
  return w.pad_left < width && w.pad_top < rows && need <= scratch_bytes(k);
}

/// Rows of the gradient and of zeros that a channel puts into its ring.
void add_ring(Work& work, const Window& w) {
  const int32_t reach = rows_of(w).reach(), width = columns_of(w).reach();
  const int32_t columns = w.input_width + width - 1, left = width - 1 - w.pad_left;
  const int32_t read = std::min(w.output_width, (columns - 1 - left) / w.stride_width + 1);
  double rows = 0, zeros = 0;
  for (int32_t y = w.pad_top - reach + 1; y < w.pad_top + w.input_height; ++y) {
    const bool there = y >= 0 && y % w.stride_height == 0 && y / w.stride_height < w.output_height;
    (there ? rows : zeros) += 1;
  }
  const double channels = w.input_channels;
  work.add("ring: row", channels * (rows + zeros));
  work.add("spread: eight values", channels * (rows * static_cast<double>(groups(read, 8)) +
                                               zeros * static_cast<double>(groups(columns, 8))));
}

Work by_depthwise(const Plan& plan, const MakeGradient& k, const FromConvolution& from) {
  const Window& w = from.window;
  const int64_t bytes = int64_t{rows_of(w).reach()} * columns_of(w).reach();
  const bool small = bytes <= 4 * kVectorBytes && w.input_width >= kQuad;
  const double channels = k.channels, rows = channels * w.input_height;
  Work work;
  work.add("gradient of rings: channel", channels);
  if (small) {
    work.add("depthwise: kernel", channels);
    work.add("spread: eight values", channels * 2 * static_cast<double>(groups(w.taps(), 8)));
  }
  add_ring(work, w);
  if (small && is_usual(plan, k)) {
    const double fours = rows * static_cast<double>(groups(w.input_width, kQuad));
    const auto pieces = static_cast<double>(groups(bytes, kVectorBytes));
    work.add("gradient of rings: row", rows);
    work.add("depthwise: piece of a row", rows * pieces);
    work.add("gradient of rings: four values", fours);
    if (k.mask.present()) work.add("gradient of rings: four masked", fours);
    work.add("gradient of rings: sixteen products", fours * pieces);
    return work;
  }
  const double values = channels * k.positions;
  work.add("gradient of rings: value alone", values);
  work.add("gradient of rings: row of taps alone", values * w.kernel_height);
  work.add("gradient of rings: product alone", values * static_cast<double>(w.taps()));
  return work;
}

/// In the place of its source, a channel at a time (gradient_planes.h).
Work by_planes(const MakeGradient& k, const FromConvolution& from) {
  const Window& w = from.window;
  const double channels = k.channels, values = channels * k.positions;
  const auto reached = static_cast<double>(rows_of(w).all_readers() * columns_of(w).all_readers());
  Work work;
  work.add("gradient in place: value", values);
  work.add("gradient in place: tap", values * static_cast<double>(w.taps()));
  work.add("gradient in place: product", channels * reached);
  return work;
}

}  // namespace

Work helium_gradient(const Plan& plan, const MakeGradient& k) {
  if (std::ranges::all_of(k.sources, [&](const GradientSource& s) { return has_channels(plan, k, s); }))
    return by_channels(plan, k);
  const auto* from = std::get_if<FromConvolution>(&k.sources[0].from);
  if (k.sources.size() == 1 && from != nullptr && from->depthwise) {
    if (fits_ring(plan, k, *from)) return by_depthwise(plan, k, *from);
    if (from->gradient == k.output) return by_planes(k, *from);
  }
  return gradient_by_rows(plan, k);
}

}  // namespace thaw
