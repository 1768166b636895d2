// pareto.json: the evaluations that no other beats, measured on validation.
#pragma once

#include <string>
#include <vector>

#include "search/files/measured.h"

namespace thaw {

struct ParetoPoint : Measured {
  std::string role;  // what the trial was for; for people
};

/// The text of the file. Equal fronts give equal bytes.
std::string write_pareto(const std::vector<ParetoPoint>& front);

/// Throws Error naming the field of the first thing that is not as write_pareto wrote it.
std::vector<ParetoPoint> read_pareto(const JsonView& view);

}  // namespace thaw
