// curve.json: the strategy's way to its answer, measured on validation.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "search/files/measured.h"

namespace thaw {

struct CurvePoint : Measured {
  std::string frozen;  // what was frozen to get here; for people
  bool holds = true;   // within the threshold of the best so far
};

struct FreezingCurve {
  double threshold_points = 0.0;  // of accuracy; of errors, percent of the best
  double reference = 0.0;         // the best value on the way
  std::optional<size_t> chosen;   // place in points; none where the answer is not on the curve
  std::string stop_reason;
  std::vector<CurvePoint> points;
};

/// The text of the file. Equal curves give equal bytes.
std::string write_curve(const FreezingCurve& curve);

/// Throws Error naming the field of the first thing that is not as write_curve wrote it.
FreezingCurve read_curve(const JsonView& view);

}  // namespace thaw
