// A data set as a model reads it: decoded, resized to the model's input, quantised.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/data/dataset.h"
#include "sim/data/normalise.h"
#include "sim/exec/prefix_cache.h"
#include "sim/graph/graph.h"
#include "sim/plan/network.h"
#include "tools/thaw/data_options.h"

namespace thaw::cli {

/// What DATA may be, for the help texts.
inline constexpr const char* kDataText =
    "Recognised by content: image folder (train/CLASS/*.jpg|png and test/CLASS/..., or CLASS/... alone), "
    "folder of recordings (the same with *.csv or *.wav), CIFAR binary, IDX pairs, or .npz with x_train, "
    "y_train, x_test, y_test";

/// int8 samples of both splits; `about` is the data set without its samples.
struct ModelData {
  Dataset about;
  Samples train, test;
  std::optional<Normalisation> normalisation;  // what --normalise did
};

/// What a command does with data. training: the labels must be such that a classifier can be trained on them,
/// and an absent test split is cut from the training data. inference: data are taken as they are.
enum class DataUse { training, inference };

/// Reads DATA for the model whose int8 input is tensor `input`. Throws Error where its samples do not fit.
ModelData read_model_data(const std::string& path, const Graph& graph, TensorId input, DataUse use,
                          const DataOptions& options = {});

/// Reads DATA to train `network` for its task: numbers become targets in the quantisation of its output.
ModelData read_training_data(const std::string& path, const Network& network,
                             const DataOptions& options = {});

/// Says on standard error, one line each, what is likely wrong with the data (always) and what was done to
/// them (unless `quiet`).
void print_data_remarks(const Dataset& about, bool quiet);

/// Warnings, then notes: what a result file says of the data.
std::vector<std::string> data_remarks(const Dataset& about);

/// Throws Error where the data of `path` have another number of classes than `classes`; `who` names who asks
/// for these, for example "the schedule is for". The remedy is `use`'s, and never a number of classes that
/// cannot be trained.
void check_classes(const Dataset& about, int64_t classes, const std::string& who, const std::string& path,
                   DataUse use);

/// The int8 tensor that a model is fed: its input, or what a QUANTIZE makes of a float32 input.
TensorId int8_input(const Graph& graph);

}  // namespace thaw::cli
