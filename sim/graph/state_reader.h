// State variables of a file: VAR_HANDLE names one, READ_VARIABLE copies it into a tensor, ASSIGN_VARIABLE
// replaces it, CALL_ONCE runs a subgraph of such assignments before the first inference. Internal to the
// reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "sim/graph/graph.h"
#include "sim/graph/tflite_file.h"

namespace thaw {

struct StateReading {
  std::vector<StateVariable> variables;  // ids are numbers in the file
  std::map<int32_t, int32_t> same_as;    // what a READ_VARIABLE writes is, byte for byte, this tensor
  size_t initialisers = 0;               // subgraphs that CALL_ONCE runs
};

/// Follows reads and assignments in the order of execution, as TensorFlow Lite Micro runs them: a read after
/// an assignment gives what was assigned, the last assignment stays. A variable that nothing starts has its
/// zero point. One that is never read is left out. Throws Error where a handle, a name or a subgraph is not
/// there, where an initialiser does anything but assign constants, or where a variable is read as tensors
/// that differ.
StateReading read_state_variables(const TfliteFile& file);

}  // namespace thaw
