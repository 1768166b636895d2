#include "sim/plan/stream_rows.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

namespace thaw {
namespace {

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

/// A new buffer of the arena, aligned to 4.
BufferId add_buffer(Plan& plan, BufferKind kind, const std::string& name, int64_t bytes) {
  Buffer buffer;
  buffer.id = BufferId(plan.buffers.size());
  buffer.name = name;
  buffer.kind = kind;
  buffer.bytes = bytes;
  buffer.alignment = 4;
  plan.buffers.push_back(std::move(buffer));
  return plan.buffers.back().id;
}

/// One stream while its steps are put at the end of a list.
struct StreamWriter {
  Plan& plan;
  const RowStream& stream;
  int32_t number = 0;
  std::vector<Step>& steps;
  std::vector<RowLayer> layers;
  std::vector<BufferId> made;    // by layer: the whole tensor, of the plan as it was
  std::vector<BufferId> output;  // by layer: where its rows go
  BufferId scratch;

  /// The rows of every layer but the last get a buffer of their own.
  void add_buffers(const BandPlan& bands) {
    const BufferId input = row_input(plan.steps[stream.first].kernel);
    for (size_t i = 0; i < layers.size(); ++i)
      made.push_back(layers[i].is_feed ? input : row_output(plan.steps[layers[i].step].kernel));
    output = made;
    for (size_t i = 0; i + 1 < layers.size(); ++i) {
      output[i] = add_buffer(plan, BufferKind::activation, plan.buffer(made[i]).name + ".rows",
                             bands.buffer_rows[i] * layers[i].output_row_bytes);
      if (const TensorId tensor = plan.buffer(made[i]).tensor; tensor.present() && !layers[i].is_feed)
        plan.buffer_of_tensor[tensor.index()] = {};
    }
    if (stream.over_input) output.back() = input;
    scratch = add_buffer(plan, BufferKind::scratch, plan.steps[stream.first].name + ".rows.scratch",
                         stream_scratch_bytes(plan, stream));
  }

  /// A step like the layer's, without its kernel.
  Step step_of(const RowLayer& layer) const {
    const Step& whole = plan.steps[layer.step];
    Step step;
    step.name = layer.is_feed ? plan.buffer(made[0]).name : whole.name;
    step.phase = whole.phase;
    step.op = whole.op;
    step.stream = number;
    return step;
  }

  Kernel kernel_of(const BandCall& call) const {
    const RowLayer& layer = layers[call.layer];
    const BufferId to = output[call.layer];
    if (layer.is_feed) {
      const int64_t bytes = layer.output_row_bytes;
      return CopyForward{(call.end - call.begin) * bytes, made[0], to, call.begin * bytes,
                         (call.begin - call.output_base) * bytes};
    }
    const Kernel& whole = plan.steps[layer.step].kernel;
    const BufferId before = call.layer == 0 ? BufferId{} : made[call.layer - 1];
    const BufferId input = call.layer == 0 ? row_input(whole) : output[call.layer - 1];
    Kernel kernel = band_kernel(whole, layer, call, before, input, to);
    if (auto* k = std::get_if<ConvolutionForward>(&kernel)) k->scratch = scratch;
    return kernel;
  }

  void write(const BandCall& call) {
    const RowLayer& layer = layers[call.layer];
    Step step = step_of(layer);
    if (call.move_rows > 0) {
      const BufferId buffer = output[call.layer];
      step.kernel = CopyForward{call.move_rows * layer.output_row_bytes, buffer, buffer,
                                call.move_from * layer.output_row_bytes, 0};
      steps.push_back(step);
    }
    step.kernel = kernel_of(call);
    if (!layer.is_feed) step.macs = plan.steps[layer.step].macs * (call.end - call.begin) / layer.output_rows;
    steps.push_back(std::move(step));
  }

  /// What was written over the input goes to its own place: the input's is often larger, and free now.
  void move_from_input() {
    Step step = step_of(layers.back());
    step.kernel = CopyForward{plan.buffer(made.back()).bytes, output.back(), made.back(), 0, 0};
    steps.push_back(std::move(step));
  }
};

/// Puts the bands of one stream at the end of `steps`.
void emit_stream(Plan& plan, const RowStream& stream, int32_t number, std::vector<Step>& steps) {
  StreamWriter writer{plan, stream, number, steps, row_layers(plan, stream.first, stream.last), {}, {}, {}};
  const BandPlan bands = plan_bands(writer.layers, stream.rows);
  writer.add_buffers(bands);
  for (const BandCall& call : bands.calls) writer.write(call);
  if (stream.over_input) writer.move_from_input();
}

PassNote note_of(const Plan& plan, const std::vector<RowStream>& streams) {
  size_t layers = 0;
  int64_t saved = 0;
  for (const RowStream& stream : streams) {
    layers += stream.last - stream.first + 1;
    for (size_t s = stream.first; s < stream.last; ++s)
      saved += plan.buffer(row_output(plan.steps[s].kernel)).bytes;
    saved -= band_bytes(plan, stream);
  }
  return {"stream rows",
          std::to_string(layers) + " layers in " + std::to_string(streams.size()) +
              " chains run band by band: of the tensors between them only the rows in use exist",
          saved};
}

}  // namespace

bool can_stream(const Plan& plan, size_t first, size_t last) {
  if (last >= plan.steps.size() || first > last) return false;
  const Kernel& kernel = plan.steps[first].kernel;
  if (!std::holds_alternative<ConvolutionForward>(kernel) || !is_row_kernel(plan, kernel)) return false;
  if (first == last && !reads_caller(plan, first)) return false;
  for (size_t s = first; s < last; ++s)
    if (!is_row_link(plan, s)) return false;
  const std::vector<RowLayer> layers = row_layers(plan, first, last);
  for (size_t i = 1; i < layers.size(); ++i)
    if (layers[i].input_rows != layers[i - 1].output_rows ||
        layers[i].input_row_bytes != layers[i - 1].output_row_bytes)
      return false;  // a RESHAPE between them: its rows are others
  return true;
}

int64_t band_bytes(const Plan& plan, const RowStream& stream) {
  const std::vector<RowLayer> layers = row_layers(plan, stream.first, stream.last);
  return band_bytes(layers, plan_bands(layers, stream.rows));
}

int64_t stream_scratch_bytes(const Plan& plan, const RowStream& stream) {
  int64_t bytes = 0;
  for (size_t s = stream.first; s <= stream.last; ++s)
    if (const auto* k = std::get_if<ConvolutionForward>(&plan.steps[s].kernel))
      bytes = std::max(bytes, plan.buffer(k->scratch).bytes);
  return bytes;
}

Plan stream_rows(const Plan& plan, const std::vector<RowStream>& streams) {
  Plan result = plan;
  std::vector<Step> steps;
  size_t next = 0;
  for (size_t i = 0; i < streams.size(); ++i) {
    const RowStream& stream = streams[i];
    assert(stream.first >= next && can_stream(plan, stream.first, stream.last));
    assert(!stream.over_input || may_write_over_input(plan, stream));
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
