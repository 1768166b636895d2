// A table that knows the truth: the reference model trained on Fashion-MNIST by the demo's recipe with every
// subset of its last weight tensors, under the biases that come with them. Strategies are developed and
// compared on it (tests/search/strategies/regret_test.cpp).
//   schedule_table DATA FILE [--tensors N] [--jobs N]      goes on where FILE ends
// Subsets are in binary order, the last layer's tensor first: after the biases and 2^n rows the table of n
// tensors is whole.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "search/local_trainer.h"
#include "search/schedules.h"
#include "search/training_evaluator.h"
#include "sim/base/error.h"
#include "sim/data/dataset.h"
#include "sim/data/folds.h"
#include "sim/data/to_int8.h"
#include "sim/graph/tflite_reader.h"

namespace {

using namespace thaw;

constexpr int64_t kSamples = 2000;  // of each split, as tools/demo
constexpr int32_t kEpochs = 3;      // as tools/demo
constexpr double kRate = 0.05;      // what the demo's search finds
constexpr int32_t kFolds = 5, kJudgedFolds = 2;
constexpr size_t kBatch = 16;  // rows that are trained before they are written

Samples first_samples(const Dataset& data, const Split& split, const Tensor& input) {
  Samples samples;
  samples.count = std::min(kSamples, split.count);
  samples.height = input.shape[1];
  samples.width = input.shape[2];
  samples.channels = input.shape[3];
  samples.images = to_int8(data, split, input.quantization);
  samples.images.resize(static_cast<size_t>(samples.count * samples.sample_bytes()));
  samples.labels.assign(split.labels.begin(), split.labels.begin() + samples.count);
  return samples;
}

TrainingRecipe recipe() {
  TrainingRecipe recipe;
  recipe.learning_rate = kRate;
  recipe.flip = false;
  recipe.fresh_classifier = true;
  return with_epochs(recipe, kEpochs);
}

/// A row: `biases` layers from the end with their biases updated, `weights` with their weights too. Bit i:
/// the (i + 1)-th convolution from the end.
struct Row {
  int32_t biases = 0;
  uint32_t weights = 0;
};

/// First the biases alone, one layer more a row, then every subset of the weights.
std::vector<Row> rows_of(int32_t tensors) {
  std::vector<Row> rows;
  for (int32_t biases = 1; biases <= tensors; ++biases) rows.push_back({biases, 0});
  for (uint32_t weights = 0; weights < uint32_t{1} << tensors; ++weights)
    rows.push_back({static_cast<int32_t>(std::bit_width(weights)), weights});
  return rows;
}

Schedule schedule_of(const Network& network, const Row& row) {
  const int32_t last = network.convolution_count() - 1;
  Schedule schedule = bias_schedule(network, recipe(), last + 1 - row.biases);
  for (int32_t i = row.biases - 1; i >= 0; --i)
    if ((row.weights >> i & 1U) != 0) schedule = with_weights(schedule, network, last - i, 8);
  return schedule;
}

constexpr size_t kRequests = 3;  // a subset

std::vector<EvaluationRequest> requests_of(const Schedule& schedule) {
  const Fidelity look = {"look", 1, 0.5}, full = {"full", kEpochs, 1.0};
  return {{"look", schedule, look, MeasuredOn::validation, {1, 2}},
          {"full", schedule, full, MeasuredOn::validation, {1, 2}},
          {"test", schedule, full, MeasuredOn::test, {1, 2, 3, 4}}};
}

/// Accuracies, then losses, of each seed.
std::string columns(const Evaluation& e) {
  std::string text;
  for (const SeedResult& s : e.seeds)
    text += fmt::format(",{:.5f}", s.outcome == Outcome::ok ? s.accuracy : 0.0);
  for (const SeedResult& s : e.seeds)
    text += fmt::format(",{:.5f}", s.outcome == Outcome::ok ? s.judged_loss : 9.0);
  return text;
}

size_t rows_in(const std::filesystem::path& file) {
  std::ifstream in(file);
  size_t lines = 0;
  for (std::string line; std::getline(in, line);) ++lines;
  return lines > 0 ? lines - 1 : 0;  // without the header
}

const char* const kHeader =
    "biases,weights,ram_bytes,flash_bytes,macs_per_step,"
    "look_accuracy_1,look_accuracy_2,look_loss_1,look_loss_2,"
    "full_accuracy_1,full_accuracy_2,full_loss_1,full_loss_2,"
    "test_accuracy_1,test_accuracy_2,test_accuracy_3,test_accuracy_4,"
    "test_loss_1,test_loss_2,test_loss_3,test_loss_4\n";

void write_table(const std::string& data_path, const std::string& file, int32_t tensors, int32_t jobs) {
  const Network network = reduce(read_tflite("configs/models/reference.tflite"), {10, true, true});
  const Tensor& input = network.graph.tensor(network.input);
  const Dataset data = read_dataset(data_path, {input.shape[1], input.shape[2], input.shape[3]});
  const Samples train = first_samples(data, data.train, input);
  const Samples test = first_samples(data, data.test, input);
  SearchProblem problem;
  problem.network = &network;
  problem.train = &train;
  problem.test = &test;
  problem.folds = validation_folds(train.labels, kFolds, 1);
  problem.folds.resize(kJudgedFolds);
  problem.mirror = false;
  problem.board = read_board("configs/boards/mps2-an386.json");
  problem.jobs = jobs;
  size_t next = rows_in(file);
  std::ofstream out(file, std::ios::app);
  if (next == 0 && std::filesystem::file_size(file) == 0) out << kHeader << std::flush;
  TrialRecord record("", "");
  Store store("");
  LocalTrainer trainer(problem);
  TrainingEvaluator evaluator(problem, record, store, trainer);
  const std::vector<Row> rows = rows_of(tensors);
  while (next < rows.size()) {
    std::vector<EvaluationRequest> requests;
    const size_t first = next;
    for (; next < rows.size() && next < first + kBatch; ++next)
      for (EvaluationRequest& request : requests_of(schedule_of(network, rows[next])))
        requests.push_back(std::move(request));
    const std::vector<Evaluation> results = evaluator.evaluate(requests);
    for (size_t i = 0; i < results.size(); i += kRequests) {
      const Row& row = rows[first + i / kRequests];
      out << fmt::format("{},{},{},{},{}", row.biases, row.weights, results[i].ram_bytes,
                         results[i].flash_bytes, results[i].macs_per_step);
      for (size_t j = i; j < i + kRequests; ++j) out << columns(results[j]);
      out << "\n";
    }
    out << std::flush;
    fmt::print(stderr, "{} of {}\n", next, rows.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains every subset of the last weight tensors; run it from the repository's root");
  std::string data, file;
  int32_t tensors = 11, jobs = 1;
  app.add_option("DATA", data, "Fashion-MNIST")->required();
  app.add_option("FILE", file, "CSV; rows are appended")->required();
  app.add_option("--tensors", tensors, "Weight tensors")->check(CLI::Range(1, 20))->capture_default_str();
  app.add_option("--jobs", jobs, "Trainings at a time")->check(CLI::Range(1, 256))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    write_table(data, file, tensors, jobs);
  } catch (const Error& error) {
    fmt::print(stderr, "schedule_table: {}\n", error.what());
    return 1;
  }
  return 0;
}
