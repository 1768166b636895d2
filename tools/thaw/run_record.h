// The part of run.json (search/files/run_file.h) that every command says alike.
#pragma once

#include "search/files/run_file.h"
#include "sim/graph/graph.h"
#include "tools/thaw/model_data.h"

namespace thaw::cli {

/// The command as it was typed; `main` sets it once.
void remember_command(int argc, const char* const* argv);

/// What --normalise did, for the application that does the same.
RunNormalisation normalisation_record(const Normalisation& normalisation);

/// Program, command, machine, model and data of a run.
RunFile run_record(const Graph& model, const ModelData& data);

}  // namespace thaw::cli
