#include "sim/plan/row_bands.h"

#include <algorithm>

#include "sim/base/round_up.h"

namespace thaw {
namespace {

bool is_model_output(const Plan& plan, BufferId id) {
  return std::find(plan.outputs.begin(), plan.outputs.end(), id) != plan.outputs.end();
}

/// Every output row reads at least one row that exists.
bool reads_real_rows(const Window& w) {
  const int32_t extent = (w.kernel_height - 1) * w.dilation_height + 1;
  return w.pad_top < extent && (w.output_height - 1) * w.stride_height - w.pad_top < w.input_height;
}

RowLayer row_layer(const ConvolutionForward& k, size_t step) {
  const Window& w = k.window;
  RowLayer layer;
  layer.step = step;
  layer.stride = w.stride_height;
  layer.pad = w.pad_top;
  layer.extent = (w.kernel_height - 1) * w.dilation_height + 1;
  layer.input_rows = w.input_height;
  layer.output_rows = w.output_height;
  layer.input_row_bytes = int64_t{w.input_width} * w.input_channels;
  layer.output_row_bytes = int64_t{w.output_width} * w.output_channels;
  return layer;
}

/// Rows that the caller gives, or that an add makes: as they come in, so they go out.
RowLayer same_rows(size_t step, int32_t rows, int64_t row_bytes) {
  RowLayer layer;
  layer.step = step;
  layer.input_rows = layer.output_rows = rows;
  layer.input_row_bytes = layer.output_row_bytes = row_bytes;
  return layer;
}

/// Whether a step reads the buffer as a whole tensor, beside what the layer before it makes.
bool reads(const Step& step, BufferId id) {
  const auto* add = std::get_if<AddForward>(&step.kernel);
  return row_input(step.kernel) == id ||
         (add != nullptr && (add->first_input == id || add->second_input == id));
}

}  // namespace

BufferId row_input(const Kernel& kernel) {
  const auto* k = std::get_if<ConvolutionForward>(&kernel);
  return k != nullptr ? k->input : BufferId{};
}

BufferId row_output(const Kernel& kernel) {
  if (const auto* k = std::get_if<ConvolutionForward>(&kernel)) return k->output;
  if (const auto* k = std::get_if<AddForward>(&kernel)) return k->output;
  return {};
}

bool is_row_kernel(const Plan& plan, const Kernel& kernel) {
  if (const auto* k = std::get_if<ConvolutionForward>(&kernel))
    return reads_real_rows(k->window) && !k->mask.present() && !k->trained_weights.present() &&
           k->input_offset == 0 && k->output_offset == 0 && k->input != k->output &&
           plan.buffer(k->bias).kind == BufferKind::constant;
  if (const auto* k = std::get_if<AddForward>(&kernel))
    return !k->mask.present() && k->first_offset == 0 && k->second_offset == 0 && k->output_offset == 0;
  return false;
}

bool is_row_link(const Plan& plan, size_t step) {
  const Kernel& next = plan.steps[step + 1].kernel;
  if (!is_row_kernel(plan, plan.steps[step].kernel) || !is_row_kernel(plan, next)) return false;
  const BufferId made = row_output(plan.steps[step].kernel);
  const Buffer& buffer = plan.buffer(made);
  if (is_model_output(plan, made) || buffer.first_step != static_cast<int32_t>(step) ||
      buffer.last_step != static_cast<int32_t>(step) + 1)
    return false;
  if (const auto* add = std::get_if<AddForward>(&next))
    return (add->first_input == made) != (add->second_input == made) && add->output != made;
  return row_input(next) == made;
}

bool reads_caller(const Plan& plan, size_t step) {
  const BufferId input = row_input(plan.steps[step].kernel);
  return input.present() && plan.buffer(input).kind == BufferKind::caller;
}

std::vector<RowLayer> row_layers(const Plan& plan, size_t first, size_t last) {
  std::vector<RowLayer> layers;
  for (size_t s = first; s <= last; ++s) {
    if (const auto* k = std::get_if<ConvolutionForward>(&plan.steps[s].kernel)) {
      const RowLayer layer = row_layer(*k, s);
      if (s == first && reads_caller(plan, s)) {
        layers.push_back(same_rows(s, layer.input_rows, layer.input_row_bytes));
        layers.back().is_feed = true;
      }
      layers.push_back(layer);
    } else {
      layers.push_back(same_rows(s, layers.back().output_rows, layers.back().output_row_bytes));
    }
  }
  return layers;
}

BandPlan plan_bands(const std::vector<RowLayer>& layers, int32_t rows) {
  const size_t count = layers.size();
  BandPlan result;
  result.buffer_rows.assign(count, 0);
  std::vector<int32_t> done(count, 0), base(count, 0), target(count, 0);
  while (done.back() < layers.back().output_rows) {
    target.back() = std::min(done.back() + rows, layers.back().output_rows);
    for (size_t i = count - 1; i > 0; --i)
      target[i - 1] = std::max(done[i - 1], layers[i].end_read(target[i]));
    for (size_t i = 0; i < count; ++i) {
      if (target[i] == done[i]) continue;
      BandCall call;
      call.layer = i;
      if (i + 1 < count) {
        // Rows that the next layer steps over are never made; those it has read for the last time make room.
        const int32_t lowest = layers[i + 1].first_read(done[i + 1]);
        if (lowest >= done[i]) {
          done[i] = base[i] = std::min(lowest, target[i]);
        } else if (lowest > base[i]) {
          call.move_from = lowest - base[i];
          call.move_rows = done[i] - lowest;
          base[i] = lowest;
        }
        if (target[i] == done[i]) continue;
        result.buffer_rows[i] = std::max(result.buffer_rows[i], target[i] - base[i]);
      }
      call.begin = done[i];
      call.end = target[i];
      call.input_base = i == 0 ? 0 : base[i - 1];
      call.output_base = base[i];
      result.calls.push_back(call);
      done[i] = target[i];
    }
  }
  return result;
}

int64_t band_bytes(const std::vector<RowLayer>& layers, const BandPlan& bands) {
  int64_t bytes = 0;
  for (size_t i = 0; i + 1 < layers.size(); ++i)
    bytes += round_up(bands.buffer_rows[i] * layers[i].output_row_bytes, 4);
  return bytes;
}

bool may_write_over_input(const Plan& plan, const RowStream& stream) {
  const BufferId id = row_input(plan.steps[stream.first].kernel);
  const Buffer& input = plan.buffer(id);
  const Buffer& output = plan.buffer(row_output(plan.steps[stream.last].kernel));
  if (!in_arena(input.kind) || input.last_step > static_cast<int32_t>(stream.last) ||
      output.bytes > input.bytes || is_model_output(plan, id))
    return false;
  const std::vector<RowLayer> layers = row_layers(plan, stream.first, stream.last);
  const RowLayer& writer = layers.back();
  std::vector<int32_t> next(layers.size(), 0);  // by layer: the output row that it makes next
  for (const BandCall& call : plan_bands(layers, stream.rows).calls) {
    if (call.layer + 1 == layers.size())
      for (size_t i = 0; i < layers.size(); ++i) {
        if (!reads(plan.steps[layers[i].step], id)) continue;
        // An add that reads the rows which it writes over may: element by element, in place.
        const bool in_place = i == call.layer && i > 0 && writer.input_row_bytes == writer.output_row_bytes;
        const int32_t row = in_place ? call.end : next[i];
        const int32_t needed = row < layers[i].output_rows ? layers[i].first_read(row) : layers[i].input_rows;
        if (call.end * writer.output_row_bytes > needed * layers[i].input_row_bytes) return false;
      }
    next[call.layer] = call.end;
  }
  return true;
}

}  // namespace thaw
