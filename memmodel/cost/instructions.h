// How many instructions an inference and a training step take on a board, told from the plan alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "memmodel/cost/instruction_costs.h"
#include "memmodel/cost/work.h"

namespace thaw {

/// Instructions of all steps with one kernel in a training step, or in an inference of a plan that does not
/// train.
struct KernelInstructions {
  std::string kernel;
  int64_t instructions = 0;
};

/// An estimate: within 5 % of what QEMU counts for the networks that it was held against
/// (tests/memmodel/cost/instructions_slow_test.cpp), as arm-none-eabi-gcc 12.2 and
/// riscv64-unknown-elf-gcc 12.2 compile a generated Makefile.
struct PredictedInstructions {
  int64_t inference = 0;
  int64_t step = 0;                         // 0 where the plan does not train
  std::vector<KernelInstructions> kernels;  // the most expensive first

  /// Of a training step, or of an inference where there is none.
  int64_t whole() const { return step > 0 ? step : inference; }
};

/// The processor whose costs are a board's. Absent where none is known: the compiling machine, big-endian
/// devices, processors without a column.
std::optional<Processor> processor_of(const Board& board);

/// Of a plan on a board; absent where processor_of is, or instructions_of of a step.
std::optional<PredictedInstructions> predicted_instructions(const Plan& plan, const Board& board);

/// Instructions of some work; absent where the table does not know a unit of it, as none of the networks that
/// it was fitted to had that work.
std::optional<double> instructions_of(const Work& work, Processor processor);

}  // namespace thaw
