// Gradient tensors in the space of dead activations: what the layout saves by giving both one arena.
#pragma once

#include "memmodel/layout.h"
#include "sim/plan/plan.h"

namespace thaw {

/// `bytes_saved`: bytes of the gradient tensors that share addresses with an activation that died before
/// them. `peak_bytes_saved`: how much larger the arena's lower bound would be, had gradients a region of
/// their own. Both 0 for a plan without gradients.
PassNote gradient_places(const Plan& plan, const Layout& layout);

}  // namespace thaw
