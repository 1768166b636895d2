// The input by rows: the application gives the image row after row, and nobody ever holds it whole.
#pragma once

#include "sim/plan/plan.h"

namespace thaw {

/// Makes the input a buffer of the caller: the stream that `choose_streams` then begins at its only reader
/// takes the rows from there. Where that reader cannot run by rows (it is trained, passed by a gradient, or
/// no convolution), the image stays whole and the note says so: the firmware's interface is the same, its
/// bytes are not saved.
Plan feed_rows(const Plan& plan);

/// Whether the input of the plan comes by rows.
bool input_comes_by_rows(const Plan& plan);

}  // namespace thaw
