// Plan passes: each takes a Plan and returns one that computes the same bits with less memory or work, and
// leaves a PassNote that says what it saved.
#pragma once

#include "sim/plan/input_by.h"
#include "sim/plan/plan.h"

namespace thaw {

/// QUANTIZE of a float32 input and DEQUANTIZE to a float32 output go: the device is fed int8 and gives int8,
/// as in training. Where somebody else reads the float tensor too, or the int8 one is an end already, they
/// stay.
Plan fold_float_ends(const Plan& plan);

/// PAD along height and width with the zero point becomes padding of the convolution that alone reads it.
/// `scratch` of that convolution is sized anew.
Plan fold_padding(const Plan& plan);

/// The output of a RESHAPE is its input: nothing is copied. Where the one is an input of the model and the
/// other an output, it stays.
Plan share_reshaped(const Plan& plan);

/// The output of an add takes the place of an input that nobody reads afterwards.
Plan add_in_place(const Plan& plan);

/// A depthwise convolution that keeps the image's shape writes over an input that nobody reads afterwards;
/// the kernels allow it, they gather the rows of a channel before they write it.
Plan depthwise_in_place(const Plan& plan);

/// The biases of a layer are updated as soon as its gradient is there: no other step of the backward pass
/// reads or writes them.
Plan biases_first(const Plan& plan);

/// A gradient tensor takes the place of the one it comes from when that one dies there: where it is made from
/// it element by element, or through a depthwise convolution that keeps the image's shape.
Plan gradient_in_place(const Plan& plan);

/// Takes out the buffers that no step touches; ids are then without gaps.
Plan drop_unused_buffers(Plan plan);

/// All passes in their fixed order: feed rows (where the input comes by rows), stream rows, add in place,
/// depthwise in place, biases first, gradient in place, variables in place, drop unused buffers.
Plan run_passes(Plan plan, InputBy input = InputBy::image);

/// The same for a plan of `lower_inference`, whose operators are those of the file: first what `reduce` folds
/// for training (float ends, padding, reshapes). A firmware for inference alone runs this plan.
Plan run_inference_passes(Plan plan, InputBy input = InputBy::image);

}  // namespace thaw
