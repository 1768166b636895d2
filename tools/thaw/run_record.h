// run.json: what was run, on what, with which program, and how long it took. Every run directory has one.
#pragma once

#include "sim/graph/graph.h"
#include "tools/thaw/json_output.h"
#include "tools/thaw/model_data.h"

namespace thaw::cli {

/// Version of the format of run.json.
constexpr int kRunSchemaVersion = 1;

/// The command as it was typed; `main` sets it once.
void remember_command(int argc, const char* const* argv);

/// What --normalise did, for the application that does the same: mean and standard_deviation by channel,
/// scale and zero_point of the int8 input (configs/schema/run.schema.json).
Json normalisation_json(const Normalisation& normalisation);

/// The part of run.json that every run has: schema_version, thaw, command, machine, model, data.
Json run_record(const Graph& model, const ModelData& data);

}  // namespace thaw::cli
