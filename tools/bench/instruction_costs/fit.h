// Costs of work, fitted to counted instructions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "memmodel/cost/work.h"
#include "memmodel/device_kernels.h"
#include "tools/bench/instruction_costs/measure.h"

namespace thaw::bench {

/// Work that was done together, and the instructions that it took. `weight`: how much the relative error
/// counts.
struct FitRow {
  std::string name;
  Work work;
  double instructions = 0, weight = 1;
};

/// Instructions of each unit.
using Costs = std::map<std::string, double>;

/// One row for each step of the case, one for its inference and one for its training step.
std::vector<FitRow> rows_of(const FitCase& made, const Counted& counted, DeviceKernels kernels);

/// Costs of at least 0 with the least sum of squared relative errors. Where rows tell too little they lean to
/// those of `like`, a processor of the same family; units that only it knows are taken from there.
Costs fitted_costs(const std::vector<FitRow>& rows, const Costs& like = {});

double predicted(const Work& work, const Costs& costs);

}  // namespace thaw::bench
