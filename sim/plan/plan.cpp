#include "sim/plan/plan.h"

#include <algorithm>
#include <tuple>

#include "sim/base/round_up.h"
#include "sim/plan/buffers.h"

namespace thaw {

const char* phase_name(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return "forward";
    case Phase::loss:
      return "loss";
    case Phase::backward:
      return "backward";
    case Phase::update:
      return "update";
  }
  return "";
}

const char* kernel_name(const Kernel& kernel) {
  struct Name {
    const char* operator()(const ConvolutionForward& k) const {
      return k.depthwise ? "depthwise convolution" : "convolution";
    }
    const char* operator()(const AddForward&) const { return "add"; }
    const char* operator()(const PoolForward& k) const { return k.maximum ? "max pool" : "average pool"; }
    const char* operator()(const MeanForward&) const { return "mean"; }
    const char* operator()(const PadForward&) const { return "pad"; }
    const char* operator()(const TransposeForward&) const { return "transpose"; }
    const char* operator()(const CopyForward&) const { return "copy"; }
    const char* operator()(const SoftmaxForward&) const { return "softmax"; }
    const char* operator()(const RequantizeForward&) const { return "requantize"; }
    const char* operator()(const QuantizeForward&) const { return "quantize"; }
    const char* operator()(const DequantizeForward&) const { return "dequantize"; }
    const char* operator()(const BinaryForward&) const { return "element-wise"; }
    const char* operator()(const TableForward&) const { return "look-up"; }
    const char* operator()(const ResizeForward&) const { return "resize"; }
    const char* operator()(const LstmForward&) const { return "lstm"; }
    const char* operator()(const ViewForward&) const { return "move elements"; }
    const char* operator()(const GatherChannels&) const { return "gather channels"; }
    const char* operator()(const ClassifierForward&) const { return "classifier"; }
    const char* operator()(const SoftmaxLoss&) const { return "softmax loss"; }
    const char* operator()(const SquaredLoss&) const { return "squared loss"; }
    const char* operator()(const FeatureGradient&) const { return "feature gradient"; }
    const char* operator()(const MakeGradient&) const { return "gradient"; }
    const char* operator()(const UpdateWeights&) const { return "update weights"; }
    const char* operator()(const UpdateBiases&) const { return "update biases"; }
    const char* operator()(const UpdateClassifier&) const { return "update classifier"; }
  };
  return std::visit(Name{}, kernel);
}

std::pair<std::vector<BufferId>, std::vector<BufferId>> buffers_of(const Kernel& kernel) {
  std::vector<BufferId> reads, writes;
  for_each_buffer(kernel, [&](const BufferId& id, Access access) {
    if (!id.present()) return;
    if (access != Access::write) reads.push_back(id);
    if (access != Access::read) writes.push_back(id);
  });
  for (auto* list : {&reads, &writes}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  return {reads, writes};
}

int64_t reserved_bytes(const Buffer& buffer) {
  return round_up(buffer.bytes, buffer.alignment);
}

std::vector<BufferId> saved_state(const Plan& plan) {
  std::vector<BufferId> saved;
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == BufferKind::state && buffer.id != plan.result) saved.push_back(buffer.id);
  return saved;
}

bool reads_variables(const Plan& plan, size_t first) {
  for (size_t i = first; i < plan.steps.size(); ++i)
    for (BufferId id : plan.steps[i].reads)
      if (plan.buffer(id).kind == BufferKind::variable) return true;
  return false;
}

std::vector<int64_t> bytes_alive(const Plan& plan) {
  std::vector<int64_t> alive(plan.steps.size(), 0);
  for (const Buffer& buffer : plan.buffers) {
    if (!in_arena(buffer.kind) || buffer.first_step < 0) continue;
    for (int32_t s = buffer.first_step; s <= buffer.last_step; ++s)
      alive[static_cast<size_t>(s)] += reserved_bytes(buffer);
  }
  return alive;
}

void update_lifetimes(Plan& plan) {
  constexpr int32_t kNever = -1;
  for (Buffer& buffer : plan.buffers) buffer.first_step = buffer.last_step = kNever;
  const auto touch = [&](BufferId id, int32_t step) {
    Buffer& buffer = plan.buffers[id.index()];
    if (buffer.first_step == kNever) buffer.first_step = step;
    buffer.last_step = std::max(buffer.last_step, step);
  };
  for (BufferId id : plan.inputs) touch(id, 0);
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    Step& step = plan.steps[i];
    std::tie(step.reads, step.writes) = buffers_of(step.kernel);
    for (BufferId id : step.reads) touch(id, static_cast<int32_t>(i));
    for (BufferId id : step.writes) touch(id, static_cast<int32_t>(i));
  }
  const auto last = static_cast<int32_t>(plan.steps.size()) - 1;
  for (BufferId id : plan.outputs) touch(id, std::max(last, 0));
  for (Buffer& buffer : plan.buffers)
    if (buffer.kind == BufferKind::variable && buffer.first_step != kNever) {
      buffer.first_step = 0;
      buffer.last_step = std::max(last, 0);
    }
}

}  // namespace thaw
