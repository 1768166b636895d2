// See instructions.h.
#include "memmodel/cost/instructions.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "memmodel/kernel_choice.h"
#include "sim/plan/training_plan.h"

namespace thaw {
namespace {

/// The value of -mcpu= without what follows a "+", or nothing.
std::string cpu_of(const Board& board) {
  for (const std::string& flag : board.cpu_flags)
    if (flag.starts_with("-mcpu=")) return flag.substr(6, flag.find('+') - 6);
  return "";
}

int64_t rounded(double value) {
  return static_cast<int64_t>(std::llround(value));
}

}  // namespace

std::optional<Processor> processor_of(const Board& board) {
  const DeviceKernels kernels = device_kernels(board);
  if (kernels == DeviceKernels::portable) return std::nullopt;
  if (kernels == DeviceKernels::helium) return Processor::cortex_m55_helium;
  if (is_riscv(board)) return Processor::rv32;
  // Those of one family compile alike.
  static constexpr std::pair<const char*, Processor> kKnown[] = {
      {"cortex-m0", Processor::cortex_m0},   {"cortex-m0plus", Processor::cortex_m0},
      {"cortex-m1", Processor::cortex_m0},   {"cortex-m3", Processor::cortex_m3},
      {"cortex-m4", Processor::cortex_m4},   {"cortex-m7", Processor::cortex_m7},
      {"cortex-m33", Processor::cortex_m33}, {"cortex-m35p", Processor::cortex_m33},
      {"cortex-m55", Processor::cortex_m55}, {"cortex-m85", Processor::cortex_m55},
  };
  const std::string cpu = cpu_of(board);
  for (const auto& [name, processor] : kKnown)
    if (cpu == name) return processor;
  return std::nullopt;
}

std::optional<double> instructions_of(const Work& work, Processor processor) {
  const std::span<const UnitCost> table = instruction_costs();
  double sum = 0;
  for (const auto& [unit, count] : work.units()) {
    const auto cost = std::ranges::lower_bound(table, unit, {}, &UnitCost::unit);
    if (cost == table.end() || cost->unit != unit) return std::nullopt;
    sum += count * cost->instructions[static_cast<size_t>(processor)];
  }
  return sum;
}

std::optional<PredictedInstructions> predicted_instructions(const Plan& plan, const Board& board) {
  const std::optional<Processor> processor = processor_of(board);
  if (!processor) return std::nullopt;
  const DeviceKernels kernels = device_kernels(board);
  const bool trains = !infers_only(plan);
  Work inference = frame_work(plan, false), training = frame_work(plan, true);
  std::map<std::string, Work> by_kernel;
  for (const Step& step : plan.steps) {
    const Work work = step_work(plan, step, kernels, trains);
    by_kernel[kernel_name(step.kernel)].add(work);
    training.add(work);
    if (step.phase == Phase::forward) inference.add(trains ? step_work(plan, step, kernels, false) : work);
  }
  const std::optional<double> once = instructions_of(inference, *processor);
  const std::optional<double> whole = trains ? instructions_of(training, *processor) : 0.0;
  if (!once || !whole) return std::nullopt;
  PredictedInstructions predicted{rounded(*once), rounded(*whole), {}};
  for (const auto& [kernel, work] : by_kernel)
    predicted.kernels.push_back({kernel, rounded(instructions_of(work, *processor).value_or(0))});
  std::ranges::stable_sort(predicted.kernels, std::greater(), &KernelInstructions::instructions);
  return predicted;
}

}  // namespace thaw
