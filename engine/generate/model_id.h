// What a state record belongs to, as one number that the firmware compares before it loads one.
#pragma once

#include <cstdint>

#include "sim/plan/plan.h"

namespace thaw {

/// The first word of a digest of everything that gives the saved values their meaning: the model, names and
/// sizes of all trained values, the channels and fraction bits of every trained layer, the bits of every
/// gradient tensor, and what of the classifier is updated. Rates, epochs, seed and passes do not count: a
/// state survives their change.
uint32_t model_id(const Plan& plan);

}  // namespace thaw
