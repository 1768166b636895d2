// The three files that are printed from the Plan: header, source, constants.
#pragma once

#include <set>
#include <string>

#include "engine/generate/generate.h"

namespace thaw {

/// Texts, and the kernels (file names without ".c") whose functions the source calls.
struct ModelSource {
  std::string header, source, constants;
  std::set<std::string> kernels;
};

ModelSource model_source(const FirmwareRequest& request, const MemoryTotals& sizes);

}  // namespace thaw
