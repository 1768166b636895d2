// How many instructions each kind of work takes on each kind of processor: a table that
// tools/bench/instruction_costs/fit.cpp fits to counts of QEMU, which says how.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace thaw {

/// Processors for which the same source becomes the same instructions; Cortex-M55 without Helium and with.
enum class Processor : size_t {
  cortex_m0,
  cortex_m3,
  cortex_m4,
  cortex_m7,
  cortex_m33,
  cortex_m55,
  cortex_m55_helium,
  rv32,
};
constexpr size_t kProcessors = static_cast<size_t>(Processor::rv32) + 1;

/// Instructions of one unit of work (work.h), by processor.
struct UnitCost {
  std::string_view unit;
  std::array<double, kProcessors> instructions;
};

/// Ascending by unit.
std::span<const UnitCost> instruction_costs();

}  // namespace thaw
