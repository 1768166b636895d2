#include "memmodel/kernel_choice.h"

#include <algorithm>

namespace thaw {
namespace {

bool has_flag(const Board& board, const char* flag) {
  return std::ranges::find(board.cpu_flags, flag) != board.cpu_flags.end();
}

/// Bytes of code for 100 of the table, fitted to linked firmware of the reference model.
int64_t percent_of_table(const Board& board) {
  if (is_riscv(board)) return 148;
  if (has_dsp(board) || device_kernels(board) == DeviceKernels::portable) return 100;
  return has_flag(board, "-mcpu=cortex-m3") ? 122 : 135;  // or Cortex-M0 and its kin: short instructions only
}

}  // namespace

DeviceKernels device_kernels(const Board& board) {
  if (board.cpu == "native" || has_flag(board, "-mbig-endian")) return DeviceKernels::portable;
  return has_helium(board) ? DeviceKernels::helium : DeviceKernels::dsp;
}

std::vector<CodePart> board_code_size(const Plan& plan, const Board& board) {
  std::vector<CodePart> parts = code_size_estimate(plan, device_kernels(board));
  for (CodePart& part : parts) part.bytes = part.bytes * percent_of_table(board) / 100;
  return parts;
}

}  // namespace thaw
