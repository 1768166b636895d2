// thaw_model.h, the interface of a generated model: sizes, and the functions that an application calls.
#pragma once

#include <string>

#include "engine/generate/generate.h"

namespace thaw {

/// Who made a file, as its second line says it.
inline constexpr const char* kMadeBy = "Made by 'thaw generate'; change the schedule, not this file.";

/// The text of thaw_model.h. Its functions are defined by `public_functions` (model_functions.h).
std::string model_header(const FirmwareRequest& request, const MemoryTotals& sizes);

}  // namespace thaw
