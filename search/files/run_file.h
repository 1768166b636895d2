// run.json: what was run, on what, with which program, and how long it took. All of a run directory that
// depends on time or machine stands here and nowhere else (configs/schema/run.schema.json).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/interval.h"
#include "sim/plan/task.h"
#include "sim/train/training_report.h"

namespace thaw {

class JsonView;

struct RunMachine {
  std::string processor;
  int64_t cores = 0;
  std::string system, compiler, build;
};

/// Of --normalise: value v of channel c became round((v - mean[c]) / standard_deviation[c] / scale) +
/// zero_point, as the application must do too.
struct RunNormalisation {
  std::vector<double> mean, standard_deviation;
  double scale = 1.0;
  int32_t zero_point = 0;
};

struct RunData {
  std::string name, format, sha256;
  std::vector<std::string> class_names;  // by label
  int64_t train_samples = 0, test_samples = 0;
  std::vector<std::string> notes;  // what is likely a mistake in the data, then what was done to them
  std::optional<RunNormalisation> normalisation;
};

/// A share of the test samples with its 95 % interval.
struct RunAccuracy {
  double mean = 0.0;
  AccuracyInterval interval;
};

/// Of a model whose own output is compared with a target.
struct RunMetrics {
  std::vector<Metric> test;
  struct Threshold {
    int64_t loss = 0;                // squared steps of the output in Q16, as `thaw_last_loss` gives them
    double training_quantile = 0.0;  // share of the training samples that lie at or below it
  };
  std::optional<Threshold> threshold;  // of an autoencoder
};

/// One training run; losses of its epochs in nats, or in squared units of the output.
struct RunSeed {
  uint32_t seed = 1;
  Outcome outcome = Outcome::ok;
  int64_t steps = 0;
  std::vector<EpochReport> epochs;
  std::optional<RunMetrics> metrics;
  std::optional<RunAccuracy> accuracy, macro_f1;
  std::string signature;
  std::optional<int64_t> clipped_values;  // of float arithmetic
  double seconds = 0.0;
};

struct RunReplay {
  int64_t samples = 0, memory_bytes = 0;
};

/// What `thaw train` says.
struct TrainFacts {
  std::string schedule_file;
  int64_t schedule_layers = 0;
  std::string arithmetic = "int8";
  int32_t batch = 1;  // samples an update
  Task task = Task::classify;
  std::optional<RunReplay> replay;
  std::vector<RunSeed> seeds;
  std::optional<RunAccuracy> accuracy;  // mean over the seeds, where there are test samples
  double prepare_seconds = 0.0;
};

/// What `thaw search` says.
struct SearchFacts {
  std::string strategy, board;
  int64_t train_samples = 0, validation_samples = 0;  // of the first fold
  bool mirror = false;
  Task task = Task::classify;
  bool fresh_classifier = true;  // where classes are told apart
  int64_t trials = 0;
  int32_t jobs = 1;
  std::vector<std::string> next;  // commands that go on from here, as they are typed
  double seconds = 0.0;
};

struct RunFile {
  std::string thaw;                  // version of the program
  std::vector<std::string> command;  // as typed
  RunMachine machine;
  std::string model_file, model_sha256;
  RunData data;
  std::optional<TrainFacts> train;  // one of these two
  std::optional<SearchFacts> search;
};

/// The whole document.
nlohmann::ordered_json run_json(const RunFile& run);

/// Also the text of normalisation.json, which lies beside a firmware.
nlohmann::ordered_json normalisation_json(const RunNormalisation& normalisation);

/// Throws Error naming the field.
RunFile read_run_file(const JsonView& view);

}  // namespace thaw
