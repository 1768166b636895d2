// Which vector instructions the host kernels use: the best that the processor has, or a lower set on request,
// so that every path can be tested on one machine. All paths compute the same bits.
#pragma once

#include <vector>

namespace thaw {

/// In rising order of speed. `portable` is plain C++ (and, for row kernels, whatever vectors the build's
/// baseline has), the slow reference; `eigen` is the same with Eigen's matrix products, for processors
/// without any of the sets above it.
enum class InstructionSet { portable, eigen, avx2, avx512_vnni };

/// The set in use: the processor's best, limited by the environment variable THAW_INSTRUCTION_SET (the name
/// of a set) or by the last call of limit_instruction_set. Throws Error where the variable names no set of
/// this build.
InstructionSet instruction_set();

/// The best set of this processor, whatever the limit.
InstructionSet best_instruction_set();

/// All sets of this build in rising order, those that this processor lacks too.
std::vector<InstructionSet> instruction_sets();

/// Uses no set above `limit` from now on. Executors made before keep working: packed operands say how they
/// are packed. Not for use while kernels run on another thread.
void limit_instruction_set(InstructionSet limit);

/// "portable", "eigen", "avx2" or "avx512_vnni"; empty for a set that this build lacks.
const char* instruction_set_name(InstructionSet set);

}  // namespace thaw
