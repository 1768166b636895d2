// Schedules that every strategy starts from or is compared with.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/plan/network.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// Number of the layer that every schedule of a search updates whole: the classifier, or of other tasks the
/// last convolution.
int32_t head_op(const Network& network);

/// What that layer is called.
const std::string& head_name(const Network& network);

/// For people: "the classifier" or "the last layer".
std::string head_words(const Network& network);

/// Nothing updated but the classifier: the "last layer only" baseline, and the frame of all others.
Schedule last_layer_schedule(const Network& network, const TrainingRecipe& recipe);

/// The biases of convolutions first_op.. and the classifier.
Schedule bias_schedule(const Network& network, const TrainingRecipe& recipe, int32_t first_op);

/// Weights and biases of convolutions first_op.. and the classifier: "the last k layers", and from the first
/// trainable convolution the "full update".
Schedule last_layers_schedule(const Network& network, const TrainingRecipe& recipe, int32_t first_op);

/// The first convolution from which on every one can be trained.
int32_t first_trainable_convolution(const Network& network);

/// The same schedule with this much of one convolution's weights updated: `numerator` eighths of its
/// channels, those of largest magnitude; 0 freezes them. The layer's bias stays as it is.
Schedule with_weights(const Schedule& schedule, const Network& network, int32_t op, int32_t eighths);

/// The same schedule with this convolution's weights trained in so many fraction bits; none: the recipe's.
Schedule with_fraction_bits(const Schedule& schedule, int32_t op, std::optional<int32_t> bits);

/// The same schedule with nothing updated before convolution `first_op`.
Schedule without_layers_before(const Schedule& schedule, int32_t first_op);

}  // namespace thaw
