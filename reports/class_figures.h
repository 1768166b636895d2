// Which classes the chosen schedule gets right, and what it takes the others for: from the predictions on
// test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/run_files.h"

namespace thaw {

/// One class of the test samples. Shares are 0..1 of its samples, all seeds together.
struct ClassFigures {
  std::string name;
  int64_t samples = 0;
  double right = 0.0;
  std::vector<double> taken_for;  // by predicted class; `taken_for` of itself is `right`
};

/// In the order of the labels; empty where predictions are not stored. A class without a name is its number.
std::vector<ClassFigures> class_figures(const Run& run);

/// Place of the class with samples that is right least often; of equals the first. `classes` is not empty.
size_t weakest_class(const std::vector<ClassFigures>& classes);

/// The other class that it is taken for most often.
size_t most_confused_with(const std::vector<ClassFigures>& classes, size_t place);

}  // namespace thaw
