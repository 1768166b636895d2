// The loops of the kernels that change weights and biases, counted: engine/kernels/dsp and helium,
// update_depthwise_weights.c.
#include <algorithm>

#include "memmodel/cost/shapes.h"

namespace thaw {
namespace {

constexpr int32_t kStepWeights = 4;  // weights of one output that change together

/// How all weights of a 1x1 kernel, or of one tap, change: `fours` by four at once where their fraction bits
/// lie in whole bytes.
void add_steps(Work& work, const UpdateWeights& k) {
  const auto ranks = static_cast<int64_t>(k.channels.size());
  const int64_t outputs = k.window.output_channels;
  const int64_t even_outputs = ranks % 2 == 0 ? outputs : groups(outputs, 2);
  const bool fast = k.window.taps() == 1 && k.fraction_bits == 4;
  const int64_t fours = fast ? even_outputs * (ranks / kStepWeights) : 0;
  const auto steps = static_cast<double>(k.window.taps() * outputs * groups(ranks, kStepWeights));
  work.add("update: four weights", static_cast<double>(fours));
  work.add("update: weights of an output", steps - static_cast<double>(fours));
  add_weight_steps(work, k.fraction_bits,
                   static_cast<double>(k.window.taps() * outputs * ranks - kStepWeights * fours));
}

/// A tile of `rows` rows and `count` columns, which lie side by side or not.
void add_tile(Work& work, int64_t rows, int64_t count, bool adjacent, double times) {
  work.add("tile: begin", times);
  if (adjacent && count == kStepWeights) {
    work.add("tile: four rows", times * whole_groups(rows, 4));
    work.add("tile: last rows", times * static_cast<double>(is_odd(rows, 4)));
  } else {
    work.add("tile: slow row", times * static_cast<double>(groups(rows, 4) * 4));
    work.add("tile: slow value", times * static_cast<double>(groups(rows, 4) * 4 * count));
  }
}

/// The inputs of a block of channels under all taps.
void add_inputs(Work& work, const UpdateWeights& k, int64_t count) {
  const Window& w = k.window;
  const auto ranks = static_cast<int64_t>(k.channels.size());
  const bool adjacent = k.gathered || ranks == k.saved_channels;
  if (w.is_pointwise()) {
    add_tile(work, w.input_positions(), count, adjacent, 1);
    return;
  }
  const auto padded = static_cast<double>(w.taps() * groups(w.output_positions(), 4) * 4);
  const auto inside = static_cast<double>(rows_of(w).all_inside() * columns_of(w).all_inside());
  work.add("update: position under a tap", padded);
  if (adjacent && count == kStepWeights)
    work.add("update: input read", inside);
  else
    work.add("update: input value read", inside * static_cast<double>(count));
}

/// The gradients of all outputs, four at a time.
void add_gradients(Work& work, const Window& w, bool wide, double times) {
  const int64_t positions = w.output_positions(), outputs = w.output_channels;
  if (wide) {
    work.add("tile: word cleared",
             times * static_cast<double>(groups(outputs, 4) * groups(positions, 4) * 8));
    work.add("update: wide gradient", times * static_cast<double>(positions * outputs));
    return;
  }
  add_tile(work, positions, kStepWeights, true, times * whole_groups(outputs, 4));
  if (outputs % 4 != 0) add_tile(work, positions, outputs % 4, true, times);
}

}  // namespace

Work dsp_update(const Plan& plan, const UpdateWeights& k) {
  const Window& w = k.window;
  const auto ranks = static_cast<int64_t>(k.channels.size());
  const auto taps = static_cast<double>(w.taps());
  Work work;
  for (int64_t first = 0; first < ranks; first += kStepWeights) {
    add_inputs(work, k, std::min<int64_t>(ranks - first, kStepWeights));
    add_gradients(work, w, is_wide(plan, k.tensor), taps);
    work.add("update: output of a block", taps * w.output_channels);
    work.add("update: eight positions",
             taps * w.output_channels * static_cast<double>(groups(w.output_positions(), 4)));
  }
  add_steps(work, k);
  return work;
}

namespace {

/// One input of a channel under a tap, copied to a row of bytes.
void add_helium_input(Work& work, const Window& w, double times) {
  if (w.is_pointwise()) {
    work.add("spread: row", times);
    work.add("spread: eight values", times * static_cast<double>(groups(w.output_positions(), 8)));
    return;
  }
  const Axis down = rows_of(w), across = columns_of(w);
  work.add("update: row filled", times * static_cast<double>(w.taps()));
  work.add("fill: sixteen values", times * static_cast<double>(w.taps() * groups(w.output_positions(), 16)));
  const auto rows = static_cast<double>(down.all_inside());
  for (int32_t kx = 0; kx < w.kernel_width; ++kx) {
    int32_t columns = 0;
    for (int32_t x = 0; x < w.output_width; ++x) {
      const int32_t in_x = x * w.stride_width - w.pad_left + kx * w.dilation_width;
      if (in_x >= 0 && in_x < across.input) ++columns;
    }
    work.add("update: column looked at", times * w.kernel_height * w.output_width);
    if (columns == 0) continue;
    work.add("update: row of inputs", times * rows);
    work.add("spread: eight values", times * rows * static_cast<double>(groups(columns, 8)));
  }
}

/// All weights one by one, each from sums over all positions.
Work helium_wide_update(const UpdateWeights& k) {
  const Window& w = k.window;
  const auto weights = static_cast<double>(w.output_channels * static_cast<int64_t>(k.channels.size()));
  Work work;
  work.add("update: weight alone", weights * static_cast<double>(w.taps()));
  work.add("update: place under a tap", weights * static_cast<double>(w.taps() * w.output_positions()));
  work.add("update: product under a tap",
           weights * static_cast<double>(rows_of(w).all_inside() * columns_of(w).all_inside()));
  add_weight_steps(work, k.fraction_bits, weights * static_cast<double>(w.taps()));
  return work;
}

}  // namespace

Work helium_update(const Plan& plan, const UpdateWeights& k) {
  if (is_wide(plan, k.tensor)) return helium_wide_update(k);
  const Window& w = k.window;
  const auto ranks = static_cast<int64_t>(k.channels.size());
  const int64_t positions = w.output_positions();
  const auto outputs = static_cast<double>(w.taps() * w.output_channels);
  Work work;
  for (int64_t first = 0; first < ranks; first += 2 * kStepWeights) {
    const int64_t count = std::min<int64_t>(ranks - first, 2 * kStepWeights);
    add_helium_input(work, w, static_cast<double>(count));
    work.add("update: output of a block", outputs);
    work.add("spread: eight values", outputs * static_cast<double>(groups(positions, 8)));
    work.add("sum: sixteen values", outputs * static_cast<double>(groups(positions, 16)));
    const double fours = outputs * static_cast<double>(groups(count, kStepWeights));
    work.add("update: four sums", fours);
    work.add("update: sixteen positions", fours * static_cast<double>(groups(positions, 16)));
  }
  add_steps(work, k);
  return work;
}

Work update_of_depthwise(const UpdateWeights& k) {
  const Window& w = k.window;
  const auto weights = static_cast<double>(k.channels.size());
  Work work;
  work.add("update: depthwise channel", weights);
  work.add("update: depthwise weight", weights * static_cast<double>(w.taps()));
  work.add("update: place under a tap", weights * static_cast<double>(w.taps() * w.output_positions()));
  work.add("update: product under a tap",
           weights * static_cast<double>(rows_of(w).all_inside() * columns_of(w).all_inside()));
  add_weight_steps(work, k.fraction_bits, weights * static_cast<double>(w.taps()));
  return work;
}

Work update_of_biases(const Plan& plan, const UpdateBiases& k) {
  const bool wide = is_wide(plan, k.tensor);
  const int64_t fours = wide ? 0 : k.channels / 4, rest = k.channels - 4 * fours;
  const double positions = k.positions;
  constexpr int64_t kMost = INT16_MAX / 128;  // positions whose sums fit halves of words
  Work work;
  work.add("update biases: four channels", static_cast<double>(fours));
  work.add("update biases: four values", positions * static_cast<double>(fours));
  work.add("update biases: run", static_cast<double>(fours * groups(k.positions, kMost)));
  work.add(wide ? "update biases: wide value" : "update biases: value",
           positions * static_cast<double>(rest));
  work.add("update biases: channel", k.channels);
  return work;
}

}  // namespace thaw
