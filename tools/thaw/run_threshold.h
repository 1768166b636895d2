// The threshold of anomalies that a training run calibrated.
#pragma once

#include <cstdint>
#include <filesystem>

#include "sim/graph/graph.h"
#include "sim/plan/schedule.h"

namespace thaw::cli {

/// Whether a model is the model.tflite that the run wrote.
bool is_trained_model(const std::filesystem::path& run, const Graph& model);

/// From run.json of a folder that `thaw train` wrote, of the seed that the schedule names: as thaw_last_loss
/// gives it, squared steps of the output in Q16. Throws Error where the run trained another model (its own
/// model.tflite counts as the same), another seed, or no autoencoder.
int64_t run_threshold(const std::filesystem::path& run, const Graph& model, const Schedule& schedule);

}  // namespace thaw::cli
