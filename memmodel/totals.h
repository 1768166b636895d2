// What a Plan needs of a device: RAM = arena + persistent + stack, flash = constants + code, work in
// multiply-accumulates and, estimated, in instructions; and whether a board has it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "memmodel/code_size.h"
#include "memmodel/cost/instructions.h"
#include "memmodel/layout.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Name of a buffer kind as tables and files print it, for example "saved_input".
const char* buffer_kind_name(BufferKind kind);

constexpr size_t kBufferKinds = static_cast<size_t>(BufferKind::caller) + 1;

/// Buffers of one kind: how many, their bytes, and how many of these are alive at the layout's peak step.
struct KindTotal {
  BufferKind kind = BufferKind::activation;
  int32_t buffers = 0;
  int64_t bytes = 0;
  int64_t bytes_at_peak = 0;  // arena kinds: reserved bytes; state: all of them; constants: 0
};

/// Steps with the same kernel, in order of first use.
struct KernelTotal {
  std::string kernel;
  int32_t calls = 0;
  int64_t macs = 0;
};

/// A need against a board's limit, in bytes or instructions.
struct Budget {
  int64_t required = 0;
  int64_t available = 0;

  bool fits() const { return required <= available; }
  int64_t excess() const { return fits() ? 0 : required - available; }
};

/// All sizes in bytes. Arena and persistent region are multiples of kRegionAlignment. `code` is an estimate;
/// everything else is exact. Multiply-accumulates are those of one step, padding taps counted.
struct MemoryTotals {
  int64_t arena = 0;       // the layout's peak, rounded up to the region alignment
  int64_t persistent = 0;  // the state structure (state_layout.h)
  int64_t stack = 0;       // reserved by the board
  int64_t constants = 0;   // flash: each array rounded up to 4 bytes, as ARM compilers align arrays
  int64_t code = 0;        // flash: sum of code_parts
  std::vector<CodePart> code_parts;

  int64_t macs_forward = 0;
  int64_t macs_input_gradient = 0;   // gradients that pass convolutions or the classifier backwards
  int64_t macs_weight_gradient = 0;  // of weights and of the classifier

  std::array<KindTotal, kBufferKinds> kinds;  // in the order of BufferKind
  std::vector<KernelTotal> kernels;

  std::optional<PredictedInstructions> instructions;  // an estimate; absent for processors without a table

  Budget ram;    // arena + persistent + stack
  Budget flash;  // constants + code
  Budget work;   // predicted instructions of a training step, or of an inference without one; 0 where unknown

  bool fits() const { return ram.fits() && flash.fits() && work.fits(); }
  int64_t macs_per_step() const { return macs_forward + macs_input_gradient + macs_weight_gradient; }
};

/// Adds up a plan laid out by `plan_layout`.
MemoryTotals totals(const Plan& plan, const Layout& layout, const Board& board);

}  // namespace thaw
