// What a plan says in thaw_model.h, the interface of a generated model (engine/model/thaw_model.h).
#pragma once

#include "engine/generate/c_template.h"
#include "engine/generate/generate.h"

namespace thaw {

/// Adds the model's name, the shape of its input, the sizes and the identifier.
void add_header_values(const FirmwareRequest& request, const MemoryTotals& sizes, TemplateValues& values);

}  // namespace thaw
