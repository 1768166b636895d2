#include "sim/plan/stream_rows.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <string>
#include <utility>

#include "sim/base/round_up.h"

namespace thaw {
namespace {

/// One layer of a stream as rows: output row r reads the input rows r * stride - pad + 0..extent-1 that
/// exist.
struct RowLayer {
  int32_t stride = 1, pad = 0, extent = 1;
  int32_t input_rows = 1, output_rows = 1;
  int64_t input_row_bytes = 0, output_row_bytes = 0;

  /// First input row that output row `row` reads; of those that exist.
  int32_t first_read(int32_t row) const { return std::clamp(row * stride - pad, 0, input_rows); }
  /// One past the last input row that output rows before `end` read.
  int32_t end_read(int32_t end) const { return std::clamp((end - 1) * stride - pad + extent, 0, input_rows); }
};

BufferId input_of(const Kernel& kernel) {
  const auto* k = std::get_if<ConvolutionForward>(&kernel);
  return k != nullptr ? k->input : BufferId{};
}

BufferId output_of(const Kernel& kernel) {
  if (const auto* k = std::get_if<ConvolutionForward>(&kernel)) return k->output;
  if (const auto* k = std::get_if<AddForward>(&kernel)) return k->output;
  return {};
}

bool is_model_output(const Plan& plan, BufferId id) {
  return std::find(plan.outputs.begin(), plan.outputs.end(), id) != plan.outputs.end();
}

/// Every output row reads at least one row that exists.
bool reads_real_rows(const Window& w) {
  const int32_t extent = (w.kernel_height - 1) * w.dilation_height + 1;
  return w.pad_top < extent && (w.output_height - 1) * w.stride_height - w.pad_top < w.input_height;
}

/// A kernel of which any rows can be computed alone, once per sample, from frozen values.
bool is_row_kernel(const Plan& plan, const Kernel& kernel) {
  if (const auto* k = std::get_if<ConvolutionForward>(&kernel))
    return reads_real_rows(k->window) && !k->mask.present() && !k->trained_weights.present() &&
           k->input_offset == 0 && k->output_offset == 0 && k->input != k->output &&
           plan.buffer(k->bias).kind == BufferKind::constant;
  if (const auto* k = std::get_if<AddForward>(&kernel))
    return !k->mask.present() && k->first_offset == 0 && k->second_offset == 0 && k->output_offset == 0;
  return false;
}

/// True where step + 1 is the only reader of what step makes, and may follow it in a stream.
bool is_link(const Plan& plan, size_t step) {
  const Kernel& next = plan.steps[step + 1].kernel;
  if (!is_row_kernel(plan, plan.steps[step].kernel) || !is_row_kernel(plan, next)) return false;
  const BufferId made = output_of(plan.steps[step].kernel);
  const Buffer& buffer = plan.buffer(made);
  if (is_model_output(plan, made) || buffer.first_step != static_cast<int32_t>(step) ||
      buffer.last_step != static_cast<int32_t>(step) + 1)
    return false;
  if (const auto* add = std::get_if<AddForward>(&next))
    return (add->first_input == made) != (add->second_input == made) && add->output != made;
  return input_of(next) == made;
}

/// The layers of the chain; its first step is a convolution.
std::vector<RowLayer> row_layers(const Plan& plan, size_t first, size_t last) {
  std::vector<RowLayer> layers;
  for (size_t s = first; s <= last; ++s) {
    RowLayer layer;
    if (const auto* k = std::get_if<ConvolutionForward>(&plan.steps[s].kernel)) {
      const Window& w = k->window;
      layer.stride = w.stride_height;
      layer.pad = w.pad_top;
      layer.extent = (w.kernel_height - 1) * w.dilation_height + 1;
      layer.input_rows = w.input_height;
      layer.output_rows = w.output_height;
      layer.input_row_bytes = int64_t{w.input_width} * w.input_channels;
      layer.output_row_bytes = int64_t{w.output_width} * w.output_channels;
    } else {
      const RowLayer& before = layers.back();
      layer.input_rows = layer.output_rows = before.output_rows;
      layer.input_row_bytes = layer.output_row_bytes = before.output_row_bytes;
    }
    layers.push_back(layer);
  }
  return layers;
}

/// One thing to do for a layer in a band: first move the rows that are still needed to the front of the
/// layer's band buffer (`move_rows` of them, from row `move_from` of the buffer), then compute the output
/// rows begin..end-1. `input_base`, `output_base`: the row at the start of the buffer read, written.
struct BandCall {
  size_t layer = 0;
  int32_t move_from = 0, move_rows = 0;
  int32_t begin = 0, end = 0;
  int32_t input_base = 0, output_base = 0;
};

struct BandPlan {
  std::vector<BandCall> calls;
  std::vector<int32_t> buffer_rows;  // by layer; the last layer writes the whole output: 0
};

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

/// The same kernel for the output rows of one band.
Kernel band_kernel(const Kernel& whole, const RowLayer& layer, const BandCall& call, BufferId made,
                   BufferId input, BufferId output) {
  const int64_t output_offset = (call.begin - call.output_base) * layer.output_row_bytes;
  if (const auto* convolution = std::get_if<ConvolutionForward>(&whole)) {
    ConvolutionForward k = *convolution;
    const int32_t first = layer.first_read(call.begin);
    k.window.pad_top = std::max(0, layer.pad - call.begin * layer.stride);
    k.window.input_height = layer.end_read(call.end) - first;
    k.window.output_height = call.end - call.begin;
    k.input = input;
    k.output = output;
    k.input_offset = (first - call.input_base) * layer.input_row_bytes;
    k.output_offset = output_offset;
    return k;
  }
  AddForward k = std::get<AddForward>(whole);
  const int64_t band = (call.begin - call.input_base) * layer.input_row_bytes;
  const int64_t other = call.begin * layer.input_row_bytes;
  k.add.elements = static_cast<int32_t>((call.end - call.begin) * layer.output_row_bytes);
  k.first_offset = k.first_input == made ? band : other;
  k.second_offset = k.second_input == made ? band : other;
  (k.first_input == made ? k.first_input : k.second_input) = input;
  k.output = output;
  k.output_offset = output_offset;
  return k;
}

/// Scratch of the largest layer: bands run one after the other and share it.
int64_t stream_scratch_bytes(const Plan& plan, const RowStream& stream) {
  int64_t bytes = 0;
  for (size_t s = stream.first; s <= stream.last; ++s)
    if (const auto* k = std::get_if<ConvolutionForward>(&plan.steps[s].kernel))
      bytes = std::max(bytes, plan.buffer(k->scratch).bytes);
  return bytes;
}

/// Puts the bands of one stream at the end of `steps`.
void emit_stream(Plan& plan, const RowStream& stream, int32_t number, std::vector<Step>& steps) {
  const std::vector<RowLayer> layers = row_layers(plan, stream.first, stream.last);
  const BandPlan bands = plan_bands(layers, stream.rows);
  std::vector<BufferId> output(layers.size());
  for (size_t i = 0; i < layers.size(); ++i) {
    output[i] = output_of(plan.steps[stream.first + i].kernel);
    if (i + 1 == layers.size()) break;
    Buffer band;
    band.id = BufferId(plan.buffers.size());
    band.name = plan.buffer(output[i]).name + ".rows";
    band.kind = BufferKind::activation;
    band.bytes = bands.buffer_rows[i] * layers[i].output_row_bytes;
    band.alignment = 4;
    if (const TensorId tensor = plan.buffer(output[i]).tensor; tensor.present())
      plan.buffer_of_tensor[tensor.index()] = {};
    output[i] = band.id;
    plan.buffers.push_back(std::move(band));
  }
  Buffer scratch;
  scratch.id = BufferId(plan.buffers.size());
  scratch.name = plan.steps[stream.first].name + ".rows.scratch";
  scratch.kind = BufferKind::scratch;
  scratch.bytes = stream_scratch_bytes(plan, stream);
  scratch.alignment = 4;
  const BufferId shared_scratch = scratch.id;
  plan.buffers.push_back(std::move(scratch));
  for (const BandCall& call : bands.calls) {
    const Step& whole = plan.steps[stream.first + call.layer];
    const RowLayer& layer = layers[call.layer];
    Step step;
    step.name = whole.name;
    step.phase = whole.phase;
    step.op = whole.op;
    step.stream = number;
    if (call.move_rows > 0) {
      const BufferId buffer = output[call.layer];
      step.kernel = CopyForward{call.move_rows * layer.output_row_bytes, buffer, buffer,
                                call.move_from * layer.output_row_bytes, 0};
      steps.push_back(step);
    }
    const BufferId made =
        call.layer == 0 ? BufferId{} : output_of(plan.steps[stream.first + call.layer - 1].kernel);
    const BufferId input = call.layer == 0 ? input_of(whole.kernel) : output[call.layer - 1];
    step.kernel = band_kernel(whole.kernel, layer, call, made, input, output[call.layer]);
    if (auto* k = std::get_if<ConvolutionForward>(&step.kernel)) k->scratch = shared_scratch;
    step.macs = whole.macs * (call.end - call.begin) / layer.output_rows;
    steps.push_back(step);
  }
}

/// Most bytes alive while the stream runs: everything that is alive at any of its steps, with bands in place
/// of the tensors between its layers.
int64_t stream_bytes(const Plan& plan, const RowStream& stream) {
  std::vector<BufferId> between;
  for (size_t s = stream.first; s < stream.last; ++s) between.push_back(output_of(plan.steps[s].kernel));
  for (size_t s = stream.first; s <= stream.last; ++s)
    if (const auto* k = std::get_if<ConvolutionForward>(&plan.steps[s].kernel)) between.push_back(k->scratch);
  int64_t bytes = band_bytes(plan, stream) + stream_scratch_bytes(plan, stream);
  for (const Buffer& buffer : plan.buffers) {
    if (!in_arena(buffer.kind) || buffer.last_step < static_cast<int32_t>(stream.first) ||
        buffer.first_step > static_cast<int32_t>(stream.last) ||
        std::find(between.begin(), between.end(), buffer.id) != between.end())
      continue;
    bytes += reserved_bytes(buffer);
  }
  return bytes;
}

PassNote note_of(const Plan& plan, const std::vector<RowStream>& streams) {
  size_t layers = 0;
  int64_t saved = 0;
  for (const RowStream& stream : streams) {
    layers += stream.last - stream.first + 1;
    for (size_t s = stream.first; s < stream.last; ++s)
      saved += plan.buffer(output_of(plan.steps[s].kernel)).bytes;
    saved -= band_bytes(plan, stream);
  }
  return {"stream rows",
          std::to_string(layers) + " layers in " + std::to_string(streams.size()) +
              " chains run band by band: of the tensors between them only the rows in use exist",
          saved};
}

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

/// The best streams for steps 0..end-1.
struct Choice {
  int64_t bytes = 0;  // most alive
  int64_t calls = 0;
  std::vector<RowStream> streams;
};

/// Dynamic programming: the last piece is one step as it is, or a stream. A piece that takes more than
/// `limit` bytes is only taken where nothing else is left. `calls` decides among those within it.
struct Chooser {
  const Plan& plan;
  std::vector<int64_t> live;
  std::vector<size_t> chain_start;  // by step: the first step of the longest chain that ends there

  explicit Chooser(const Plan& p) : plan(p), live(bytes_alive(p)) {
    for (size_t s = 0; s < plan.steps.size(); ++s)
      chain_start.push_back(s > 0 && is_link(plan, s - 1) ? chain_start.back() : s);
  }

  static bool better(const Choice& a, const Choice& b, int64_t limit) {
    const int64_t over_a = std::max(a.bytes, limit), over_b = std::max(b.bytes, limit);
    return over_a != over_b ? over_a < over_b : a.calls < b.calls;
  }

  void consider(const Choice& before, int64_t bytes, int64_t calls, const RowStream* stream, int64_t limit,
                Choice& best) const {
    Choice made = {std::max(before.bytes, bytes), before.calls + calls, {}};
    if (best.bytes != kNever && !better(made, best, limit)) return;
    made.streams = before.streams;
    if (stream != nullptr) made.streams.push_back(*stream);
    best = std::move(made);
  }

  Choice run(int64_t limit) const {
    std::vector<Choice> best(1);
    for (size_t end = 1; end <= plan.steps.size(); ++end) {
      Choice choice;
      choice.bytes = kNever;
      consider(best[end - 1], live[end - 1], 1, nullptr, limit, choice);
      for (size_t first = end - 1; first-- > chain_start[end - 1];) {
        if (!can_stream(plan, first, end - 1)) continue;
        const std::vector<RowLayer> layers = row_layers(plan, first, end - 1);
        for (int32_t rows = 1; rows < layers.back().output_rows; rows *= 2) {
          const RowStream stream = {first, end - 1, rows};
          const auto calls = static_cast<int64_t>(plan_bands(layers, rows).calls.size());
          consider(best[first], stream_bytes(plan, stream), calls, &stream, limit, choice);
        }
      }
      best.push_back(std::move(choice));
    }
    return best.back();
  }
};

}  // namespace

bool can_stream(const Plan& plan, size_t first, size_t last) {
  if (first >= last || last >= plan.steps.size()) return false;
  if (!std::holds_alternative<ConvolutionForward>(plan.steps[first].kernel)) return false;
  for (size_t s = first; s < last; ++s)
    if (!is_link(plan, s)) return false;
  const std::vector<RowLayer> layers = row_layers(plan, first, last);
  for (size_t i = 1; i < layers.size(); ++i)
    if (layers[i].input_rows != layers[i - 1].output_rows ||
        layers[i].input_row_bytes != layers[i - 1].output_row_bytes)
      return false;  // a RESHAPE between them: its rows are others
  return true;
}

int64_t band_bytes(const Plan& plan, const RowStream& stream) {
  const std::vector<RowLayer> layers = row_layers(plan, stream.first, stream.last);
  const BandPlan bands = plan_bands(layers, stream.rows);
  int64_t bytes = 0;
  for (size_t i = 0; i + 1 < layers.size(); ++i)
    bytes += round_up(bands.buffer_rows[i] * layers[i].output_row_bytes, 4);
  return bytes;
}

std::vector<RowStream> choose_streams(const Plan& plan) {
  const Chooser chooser(plan);
  const int64_t most = plan.steps.empty() ? 0 : *std::max_element(chooser.live.begin(), chooser.live.end());
  const int64_t least = chooser.run(0).bytes;
  if (least >= most) return {};
  return chooser.run(least).streams;
}

Plan stream_rows(const Plan& plan, const std::vector<RowStream>& streams) {
  Plan result = plan;
  std::vector<Step> steps;
  size_t next = 0;
  for (size_t i = 0; i < streams.size(); ++i) {
    const RowStream& stream = streams[i];
    assert(stream.first >= next && can_stream(plan, stream.first, stream.last));
    for (; next < stream.first; ++next) steps.push_back(plan.steps[next]);
    emit_stream(result, stream, static_cast<int32_t>(i), steps);
    next = stream.last + 1;
  }
  for (; next < plan.steps.size(); ++next) steps.push_back(plan.steps[next]);
  result.steps = std::move(steps);
  update_lifetimes(result);
  if (!streams.empty()) result.notes.push_back(note_of(plan, streams));
  return result;
}

}  // namespace thaw
