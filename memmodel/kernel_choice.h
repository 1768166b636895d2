// Which of the engine's kernels a board's firmware has, and what they are worth in bytes there.
#pragma once

#include <vector>

#include "memmodel/board.h"
#include "memmodel/code_size.h"
#include "memmodel/device_kernels.h"

namespace thaw {

/// The kernels of a board. Those for DSP instructions serve every little-endian device, since their C is
/// faster too where a processor lacks the instructions (decision 018); those for Helium the processors for
/// which has_helium is true. The compiling machine keeps the portable ones.
DeviceKernels device_kernels(const Board& board);

/// code_size_estimate with the kernels of a board, whose instructions may need more bytes than those of the
/// table.
std::vector<CodePart> board_code_size(const Plan& plan, const Board& board);

}  // namespace thaw
