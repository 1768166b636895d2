// Which of the engine's kernels a board's firmware has, and what they are worth in bytes there.
#pragma once

#include <vector>

#include "memmodel/board.h"
#include "memmodel/code_size.h"

namespace thaw {

/// True where the kernels of engine/kernels/dsp take the place of the portable ones: on every little-endian
/// device, since their C is faster too where a processor lacks the instructions (decision 018). The compiling
/// machine keeps the portable ones.
bool takes_dsp_kernels(const Board& board);

/// code_size_estimate with the kernels of a board, whose instructions may need more bytes than those of the
/// table.
std::vector<CodePart> board_code_size(const Plan& plan, const Board& board);

}  // namespace thaw
