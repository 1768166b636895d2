#include "sim/exec/host/instruction_set.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/error.h"
#include "sim/exec/host/integer_dot_versions.h"

namespace thaw {
namespace {

std::optional<InstructionSet> limit_from_environment() {
  const char* text = std::getenv("THAW_INSTRUCTION_SET");
  if (text == nullptr || *text == 0) return std::nullopt;
  std::string names;
  for (const IntegerDotVersion& version : integer_dot_versions()) {
    if (std::string_view(text) == version.name) return version.set;
    names += (names.empty() ? "" : ", ") + std::string(version.name);
  }
  throw Error("THAW_INSTRUCTION_SET", "'" + std::string(text) + "' is not one of " + names,
              "Unset it, or name one of these");
}

/// Row kernels are dispatched by Highway: it must not use more than the limit either. Without AVX2 that is
/// what the build takes for granted.
void limit_highway(InstructionSet limit) {
#if HWY_ARCH_X86
  if (limit >= best_instruction_set()) return hwy::SetSupportedTargetsForTest(0);
  int64_t allowed = HWY_STATIC_TARGET;
  if (limit >= InstructionSet::eigen) allowed |= HWY_SSE4 | HWY_SSSE3;  // what processors without AVX2 have
  if (limit >= InstructionSet::avx2) allowed |= HWY_AVX2;
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
  InstructionSet best = InstructionSet::portable;
  for (const IntegerDotVersion& version : integer_dot_versions())
    if (version.supported()) best = version.set;
  return best;
}

InstructionSet instruction_set() {
  return current();
}

void limit_instruction_set(InstructionSet limit) {
  current() = std::min(limit, best_instruction_set());
  limit_highway(limit);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> sets;
  for (const IntegerDotVersion& version : integer_dot_versions()) sets.push_back(version.set);
  return sets;
}

const char* instruction_set_name(InstructionSet set) {
  for (const IntegerDotVersion& version : integer_dot_versions())
    if (version.set == set) return version.name;
  return "";
}

}  // namespace thaw
