// Sums over buffers and steps.
#include "memmodel/totals.h"

#include <algorithm>
#include <variant>

#include "memmodel/kernel_choice.h"
#include "memmodel/state_layout.h"
#include "sim/base/round_up.h"

namespace thaw {
namespace {

std::array<KindTotal, kBufferKinds> kind_totals(const Plan& plan, int32_t peak_step) {
  std::array<KindTotal, kBufferKinds> kinds;
  for (size_t kind = 0; kind < kBufferKinds; ++kind) kinds[kind].kind = static_cast<BufferKind>(kind);
  for (const Buffer& buffer : plan.buffers) {
    KindTotal& total = kinds[static_cast<size_t>(buffer.kind)];
    ++total.buffers;
    total.bytes += buffer.bytes;
    const bool alive = buffer.first_step <= peak_step && peak_step <= buffer.last_step;
    if (in_arena(buffer.kind) && alive) total.bytes_at_peak += round_up(buffer.bytes, buffer.alignment);
    if (buffer.kind == BufferKind::state) total.bytes_at_peak += buffer.bytes;
  }
  return kinds;
}

std::vector<KernelTotal> kernel_totals(const Plan& plan) {
  std::vector<KernelTotal> kernels;
  for (const Step& step : plan.steps) {
    const char* name = kernel_name(step.kernel);
    auto total =
        std::find_if(kernels.begin(), kernels.end(), [&](const KernelTotal& k) { return k.kernel == name; });
    if (total == kernels.end()) total = kernels.insert(total, KernelTotal{name, 0, 0});
    ++total->calls;
    total->macs += step.macs;
  }
  return kernels;
}

/// The sum to which a kernel's multiply-accumulates belong.
struct MacsOf {
  MemoryTotals& totals;

  int64_t& operator()(const FeatureGradient&) const { return totals.macs_input_gradient; }
  int64_t& operator()(const MakeGradient&) const { return totals.macs_input_gradient; }
  int64_t& operator()(const UpdateWeights&) const { return totals.macs_weight_gradient; }
  int64_t& operator()(const UpdateBiases&) const { return totals.macs_weight_gradient; }
  int64_t& operator()(const UpdateClassifier&) const { return totals.macs_weight_gradient; }
  int64_t& operator()(const SoftmaxLoss&) const { return totals.macs_forward; }
  int64_t& operator()(const SquaredLoss&) const { return totals.macs_forward; }
  int64_t& operator()(const ConvolutionForward&) const { return totals.macs_forward; }
  int64_t& operator()(const AddForward&) const { return totals.macs_forward; }
  int64_t& operator()(const PoolForward&) const { return totals.macs_forward; }
  int64_t& operator()(const MeanForward&) const { return totals.macs_forward; }
  int64_t& operator()(const PadForward&) const { return totals.macs_forward; }
  int64_t& operator()(const TransposeForward&) const { return totals.macs_forward; }
  int64_t& operator()(const CopyForward&) const { return totals.macs_forward; }
  int64_t& operator()(const BinaryForward&) const { return totals.macs_forward; }
  int64_t& operator()(const TableForward&) const { return totals.macs_forward; }
  int64_t& operator()(const ResizeForward&) const { return totals.macs_forward; }
  int64_t& operator()(const LstmForward&) const { return totals.macs_forward; }
  int64_t& operator()(const ViewForward&) const { return totals.macs_forward; }
  int64_t& operator()(const SoftmaxForward&) const { return totals.macs_forward; }
  int64_t& operator()(const RequantizeForward&) const { return totals.macs_forward; }
  int64_t& operator()(const QuantizeForward&) const { return totals.macs_forward; }
  int64_t& operator()(const DequantizeForward&) const { return totals.macs_forward; }
  int64_t& operator()(const GatherChannels&) const { return totals.macs_forward; }
  int64_t& operator()(const ClassifierForward&) const { return totals.macs_forward; }
};

}  // namespace

const char* buffer_kind_name(BufferKind kind) {
  switch (kind) {
    case BufferKind::activation:
      return "activation";
    case BufferKind::gradient:
      return "gradient";
    case BufferKind::mask:
      return "mask";
    case BufferKind::saved_input:
      return "saved_input";
    case BufferKind::scratch:
      return "scratch";
    case BufferKind::variable:
      return "variable";
    case BufferKind::state:
      return "state";
    case BufferKind::constant:
      return "constant";
    case BufferKind::caller:
      return "caller";
  }
  return "";
}

MemoryTotals totals(const Plan& plan, const Layout& layout, const Board& board) {
  constexpr int64_t kArrayAlignment = 4;
  MemoryTotals result;
  result.arena = round_up(layout.peak, kRegionAlignment);
  result.persistent = state_layout(plan).bytes;
  result.stack = board.stack_bytes;
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == BufferKind::constant) result.constants += round_up(buffer.bytes, kArrayAlignment);
  result.code_parts = board_code_size(plan, board);
  for (const CodePart& part : result.code_parts) result.code += part.bytes;
  for (const Step& step : plan.steps) std::visit(MacsOf{result}, step.kernel) += step.macs;
  result.kinds = kind_totals(plan, layout.peak_step);
  result.kernels = kernel_totals(plan);
  result.instructions = predicted_instructions(plan, board);
  result.ram = {result.arena + result.persistent + result.stack, board.ram_bytes};
  result.flash = {result.constants + result.code, board.flash_bytes};
  const int64_t most = board.most_instructions > 0 ? board.most_instructions : INT64_MAX;
  result.work = {result.instructions ? result.instructions->whole() : 0, most};
  return result;
}

}  // namespace thaw
