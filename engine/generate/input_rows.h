// Input by rows (feed_rows.h) in a generated model: where each row goes, and what runs once it is there.
#pragma once

#include <cstddef>

#include "engine/generate/c_template.h"
#include "engine/generate/kernel_call.h"
#include "memmodel/layout.h"
#include "sim/plan/plan.h"

namespace thaw {

/// A step as statements, with a comment and STEP_DONE; of one that takes rows of the caller nothing else: the
/// model has put them in their place before.
std::string step_text(const Plan& plan, size_t number, CallContext& context);

/// Adds INPUT_ROWS, INPUT_ROW_BYTES, BY_ROWS, and where the input comes by rows ROW_PLACES and ROW_CASES, the
/// cases of a switch over the row that was put last. Returns the first step that is not in them.
size_t add_input_values(const Plan& plan, const Layout& layout, CallContext& context, TemplateValues& values);

}  // namespace thaw
