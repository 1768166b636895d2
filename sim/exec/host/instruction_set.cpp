#include "sim/exec/host/instruction_set.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace thaw {
namespace {

constexpr InstructionSet kSets[] = {InstructionSet::portable, InstructionSet::avx2,
                                    InstructionSet::avx512_vnni};

std::optional<InstructionSet> limit_from_environment() {
  const char* text = std::getenv("THAW_INSTRUCTION_SET");
  if (text == nullptr) return std::nullopt;
  for (InstructionSet set : kSets)
    if (std::string_view(text) == instruction_set_name(set)) return set;
  return std::nullopt;
}

/// Row kernels are dispatched by Highway: it must not use more than the limit either.
void limit_highway(InstructionSet limit) {
#if HWY_ARCH_X86
  if (limit == InstructionSet::avx512_vnni) return hwy::SetSupportedTargetsForTest(0);
  const int64_t allowed =
      limit == InstructionSet::avx2 ? HWY_AVX2 | HWY_SSE4 | HWY_SSSE3 | HWY_STATIC_TARGET : HWY_STATIC_TARGET;
  hwy::SetSupportedTargetsForTest(0);  // ends an earlier limit, so that the processor is asked again
  const int64_t targets = hwy::SupportedTargets() & allowed;
  hwy::SetSupportedTargetsForTest(targets != 0 ? targets : HWY_STATIC_TARGET);
#else
  (void)limit;
#endif
}

InstructionSet limited_by_environment() {
  const std::optional<InstructionSet> limit = limit_from_environment();
  if (!limit) return best_instruction_set();
  limit_highway(*limit);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return std::min(*limit, best_instruction_set());
}

InstructionSet& current() {
  static InstructionSet set = limited_by_environment();
  return set;
}

}  // namespace

InstructionSet best_instruction_set() {
#if defined(__x86_64__) && defined(__GNUC__)
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  if (avx512) return InstructionSet::avx512_vnni;
  if (__builtin_cpu_supports("avx2")) return InstructionSet::avx2;
#endif
  return InstructionSet::portable;
}

InstructionSet instruction_set() {
  return current();
}

void limit_instruction_set(InstructionSet limit) {
  current() = std::min(limit, best_instruction_set());
  limit_highway(limit);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

const char* instruction_set_name(InstructionSet set) {
  switch (set) {
    case InstructionSet::portable:
      return "portable";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::avx512_vnni:
      return "avx512_vnni";
  }
  return "";
}

}  // namespace thaw
