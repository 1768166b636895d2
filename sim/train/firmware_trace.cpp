#include "sim/train/firmware_trace.h"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <string_view>

namespace thaw {
namespace {

/// Appends little-endian numbers, as this machine stores them.
struct Bytes {
  std::vector<std::byte>& to;

  void raw(std::span<const std::byte> bytes) {
    for (std::byte byte : bytes) to.push_back(byte);  // GCC 12 warns wrongly about insert()
  }
  void text(std::string_view text) { raw(std::as_bytes(std::span(text))); }
  template <class T>
  void number(T value) {
    raw(std::as_bytes(std::span(&value, 1)));
  }
};

uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

int32_t predicted(Executor& executor) {
  if (executor.plan().output.present()) return executor.values<int8_t>(executor.plan().output)[0];
  const std::span<int32_t> logits = executor.values<int32_t>(executor.plan().logits);
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace

FirmwareTrace firmware_trace(const Plan& plan, std::span<const std::optional<int64_t>> offsets,
                             KernelSet kernels, uint32_t seed, uint32_t schedule_steps,
                             std::span<const TraceSample> samples) {
  Executor executor(plan, offsets, kernels, seed);
  FirmwareTrace trace;
  Bytes in{trace.samples};
  in.text("THAWSMP1");
  in.number(static_cast<uint32_t>(samples.size()));
  in.number(static_cast<uint32_t>(executor.bytes(plan.inputs[0]).size()));
  in.number(seed);
  in.number(schedule_steps);
  Bytes out{trace.expected};
  out.text("THAWEXP1");
  out.number(uint32_t{0});
  out.number(static_cast<uint32_t>(executor.state().size()));
  uint32_t step = 0;
  for (const TraceSample& sample : samples) {
    in.number((sample.train ? 1U : 0U) | (sample.reset ? 2U : 0U));
    in.number(sample.label);
    in.number(sample.rate.mantissa);
    in.number(sample.rate.exponent);
    in.raw(std::as_bytes(std::span(sample.target)));
    in.raw(std::as_bytes(std::span(sample.image)));
    const std::span<int8_t> input = executor.values<int8_t>(plan.inputs[0]);
    assert(input.size() == sample.image.size());
    std::copy(sample.image.begin(), sample.image.end(), input.begin());
    if (sample.reset) executor.reset_variables();
    StepResult result;
    if (sample.train) {
      result = executor.train_step({sample.label, sample.rate, seed, step++, sample.target.data()});
    } else if (plan.task == Task::reconstruct) {
      result = executor.judge({});  // the device too answers with the error of reconstruction
    } else {
      executor.infer();
      result.prediction = predicted(executor);
    }
    out.number(int32_t{0});  // status
    out.number(result.prediction);
    out.number(result.loss);
    out.number(crc_of(executor.state()));
    out.number(step);
    out.number(uint64_t{0});  // ticks
  }
  out.raw(executor.state());
  return trace;
}

}  // namespace thaw
