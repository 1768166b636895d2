#include "sim/train/firmware_trace.h"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <string_view>

#include "sim/plan/training_plan.h"

namespace thaw {
namespace {

/// Appends little-endian numbers, as this machine stores them.
struct Bytes {
  std::vector<std::byte>& to;

  void raw(std::span<const std::byte> bytes) const {
    for (std::byte byte : bytes) to.push_back(byte);  // GCC 12 warns wrongly about insert()
  }
  void text(std::string_view text) const { raw(std::as_bytes(std::span(text))); }
  template <class T>
  void number(T value) const {
    raw(std::as_bytes(std::span(&value, 1)));
  }
};

uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

template <class T>
int32_t largest(std::span<T> scores) {
  return static_cast<int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

int32_t predicted(Executor& executor) {
  const Plan& plan = executor.plan();
  if (infers_only(plan)) return largest(executor.values<int8_t>(plan.outputs[0]));
  if (plan.output.present()) return executor.values<int8_t>(plan.output)[0];
  return largest(executor.values<int32_t>(plan.logits));
}

/// Of the trained values, or where there are none of the output.
uint32_t checksum(const Executor& executor) {
  const Plan& plan = executor.plan();
  if (!infers_only(plan)) return crc_of(executor.state());
  return crc_of(executor.bytes(plan.outputs[0]));
}

void begin_samples(const Bytes& in, size_t count, size_t input_bytes, uint32_t seed,
                   uint32_t schedule_steps) {
  in.text("THAWSMP1");
  in.number(static_cast<uint32_t>(count));
  in.number(static_cast<uint32_t>(input_bytes));
  in.number(seed);
  in.number(schedule_steps);
}

void begin_expected(const Bytes& out, size_t state_bytes) {
  out.text("THAWEXP1");
  out.number(uint32_t{0});
  out.number(static_cast<uint32_t>(state_bytes));
}

void add_sample(const Bytes& in, const TraceSample& sample) {
  in.number((sample.train ? 1U : 0U) | (sample.reset ? 2U : 0U));
  in.number(sample.label);
  in.number(sample.rate.mantissa);
  in.number(sample.rate.exponent);
  in.raw(std::as_bytes(std::span(sample.target)));
  in.raw(std::as_bytes(std::span(sample.image)));
}

void add_expected(const Bytes& out, const StepResult& result, uint32_t crc, uint32_t step) {
  out.number(int32_t{0});  // status
  out.number(result.prediction);
  out.number(result.loss);
  out.number(crc);
  out.number(step);
  out.number(uint64_t{0});  // ticks
}

void set_input(Executor& executor, const std::vector<int8_t>& image) {
  const std::span<int8_t> input = executor.values<int8_t>(executor.plan().inputs[0]);
  assert(input.size() == image.size());
  std::copy(image.begin(), image.end(), input.begin());
}

}  // namespace

FirmwareTrace firmware_trace(const Plan& plan, std::span<const std::optional<int64_t>> offsets,
                             KernelSet kernels, uint32_t seed, uint32_t schedule_steps,
                             std::span<const TraceSample> samples) {
  Executor executor(plan, offsets, kernels, seed);
  FirmwareTrace trace;
  const Bytes in{trace.samples}, out{trace.expected};
  begin_samples(in, samples.size(), executor.bytes(plan.inputs[0]).size(), seed, schedule_steps);
  begin_expected(out, executor.state().size());
  uint32_t step = 0;
  for (const TraceSample& sample : samples) {
    add_sample(in, sample);
    set_input(executor, sample.image);
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
    add_expected(out, result, checksum(executor), step);
  }
  out.raw(executor.state());
  return trace;
}

}  // namespace thaw
