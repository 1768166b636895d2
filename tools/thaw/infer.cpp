// `thaw infer MODEL DATA`: the model as it is, on the test samples; bit for bit what TFLite Micro computes.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "memmodel/planner.h"
#include "sim/base/error.h"
#include "sim/base/file.h"
#include "sim/base/output_folder.h"
#include "sim/exec/executor.h"
#include "sim/exec/shipped_model.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/uint8_ends.h"
#include "sim/plan/lower.h"
#include "tools/thaw/accuracy.h"
#include "tools/thaw/command.h"
#include "tools/thaw/common_options.h"
#include "tools/thaw/interrupt.h"
#include "tools/thaw/json_output.h"
#include "tools/thaw/model_data.h"
#include "tools/thaw/progress.h"
#include "tools/thaw/table.h"
#include "tools/thaw/terminal.h"

namespace thaw::cli {
namespace {

namespace fs = std::filesystem;

struct Options : CommonOptions {
  std::string model, data, dump;
  std::vector<std::string> raw_inputs;
  DataOptions read;
};

/// Every operator of the file, laid out as on the device.
struct Model {
  Graph graph;
  Plan plan;
  Layout layout;
};

Model load(const std::string& file) {
  Model model;
  model.graph = read_tflite(file);
  model.plan = lower_inference(model.graph);
  model.layout = plan_layout(model.plan);
  return model;
}

fs::path dump_file(const fs::path& folder, const Tensor& tensor) {
  return folder / (std::to_string(tensor.file_index) + ".bin");
}

/// The tensor's bytes as the file's type has them.
void dump(const fs::path& folder, const Tensor& tensor, std::span<const std::byte> bytes) {
  std::vector<std::byte> written(bytes.begin(), bytes.end());
  exchange_with_file(tensor, written);
  write_file_atomically(dump_file(folder, tensor), written);
}

/// Runs once on the inputs that are set and writes every activation as it is made.
void run_and_dump(const Model& model, Executor& executor, const fs::path& folder) {
  open_output_folder(folder);
  for (size_t i = 0; i < model.graph.inputs.size(); ++i)
    dump(folder, model.graph.tensor(model.graph.inputs[i]), executor.bytes(model.plan.inputs[i]));
  executor.infer(0, [&](const Step& step) {
    for (BufferId id : step.writes) {
      const TensorId tensor = model.plan.buffer(id).tensor;
      if (tensor.present()) dump(folder, model.graph.tensor(tensor), executor.bytes(id));
    }
  });
}

/// Step `step` of the first sample.
std::span<const int8_t> first_sample(const Samples& samples, int32_t step) {
  const auto bytes = static_cast<size_t>(samples.step_bytes());
  return std::span(samples.images).subspan(static_cast<size_t>(step) * bytes, bytes);
}

/// Every activation at the last step of the first sample.
void dump_first_sample(const Model& model, TensorId input, const Samples& samples, const fs::path& folder) {
  Executor executor(model.plan, model.layout.offsets, KernelSet::host, 0);
  for (int32_t step = 0; step < samples.steps; ++step) {
    feed_shipped_model(model.graph, executor, input, first_sample(samples, step));
    if (step + 1 < samples.steps) executor.infer();
  }
  run_and_dump(model, executor, folder);
}

/// The outputs of a classifier.
int64_t class_outputs(const Graph& graph) {
  if (graph.outputs.size() != 1)
    throw Error(graph.file_name,
                fmt::format("has {} output tensors, a classifier has one", graph.outputs.size()),
                "'thaw infer MODEL --raw-input FILE' runs any model");
  return graph.tensor(graph.outputs[0]).elements();
}

void print_confusion(const std::vector<std::vector<int64_t>>& matrix, const std::vector<std::string>& names) {
  constexpr size_t kWidestTable = 20;
  if (names.size() > kWidestTable) {
    fmt::print("({} classes: the confusion matrix is in --json)\n", names.size());
    return;
  }
  fmt::print("\nrows: label, columns: prediction\n");
  std::vector<std::string> header = {"", ""};
  for (size_t i = 0; i < names.size(); ++i) header.push_back(fmt::format(">{}", i));
  Table table(header);
  for (size_t label = 0; label < matrix.size(); ++label) {
    std::vector<std::string> row = {std::to_string(label), names[label]};
    for (int64_t count : matrix[label]) row.push_back(count == 0 ? "." : std::to_string(count));
    table.add(row);
  }
  table.print(stdout);
}

int infer_data(const Options& options) {
  const Model model = load(options.model);
  const TensorId input = int8_input(model.graph);
  const ModelData data = read_model_data(options.data, model.graph, input, DataUse::inference, options.read);
  check_classes(data.about, class_outputs(model.graph),
                fmt::format("the number of outputs of the model '{}' is", model.graph.file_name),
                options.data, DataUse::inference);
  print_data_remarks(data.about, options.quiet || options.json);
  const Samples& samples = data.test.count > 0 ? data.test : data.train;
  const char* split = data.test.count > 0 ? "test" : "train";
  if (!options.dump.empty()) dump_first_sample(model, input, samples, options.dump);
  remember_interrupts();
  const auto start = std::chrono::steady_clock::now();
  Progress progress("inference", options.quiet || options.json);
  int64_t done = 0;
  const std::vector<int32_t> predictions = predict_as_shipped(
      model.graph, input, samples, job_count(options), [&] { progress.update(++done, samples.count); },
      [] { return interrupted(); });
  if (interrupted()) {
    print_remark("thaw: interrupted; run the same command again\n");
    return 128 + interrupted_by();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  int64_t right = 0;
  for (size_t i = 0; i < predictions.size(); ++i) right += predictions[i] == samples.labels[i] ? 1 : 0;
  const double accuracy = static_cast<double>(right) / static_cast<double>(samples.count);
  const auto matrix =
      confusion_matrix(samples.labels, predictions, static_cast<int32_t>(data.about.class_names.size()));
  const double rate = static_cast<double>(samples.count) / std::max(seconds, 1e-9);
  if (options.json) {
    const AccuracyInterval interval = wilson_interval(accuracy, samples.count);
    print_document({{"schema_version", 1},
                    {"model", {{"file", model.graph.file_name}, {"sha256", model.graph.sha256}}},
                    {"data",
                     {{"name", data.about.name},
                      {"format", data.about.format},
                      {"sha256", data.about.sha256},
                      {"split", split},
                      {"samples", samples.count},
                      {"notes", data_remarks(data.about)}}},
                    {"accuracy", {{"mean", accuracy}, {"low", interval.low}, {"high", interval.high}}},
                    {"class_names", data.about.class_names},
                    {"confusion", matrix},
                    {"samples_per_second", rate},
                    {"threads", job_count(options)}});
    return kDone;
  }
  fmt::print("{} on the {} samples of {} ({})\n", model.graph.file_name, split, data.about.name,
             data.about.format);
  fmt::print("accuracy {}\n", accuracy_text(accuracy, samples.count));
  fmt::print("{:.0f} samples/s with {} threads\n", rate, job_count(options));
  print_confusion(matrix, data.about.class_names);
  return kDone;
}

/// Inferences that the files of raw bytes feed: one, or as many as each holds inputs for a model with state
/// variables, whose outputs and dump are those of the last.
using RawInputs = std::vector<std::vector<std::byte>>;

size_t raw_steps(const Options& options, const Model& model, const RawInputs& files) {
  size_t steps = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    const auto size = static_cast<size_t>(model.plan.buffer(model.plan.inputs[i]).bytes);
    const bool several = !model.graph.variables.empty() && !files[i].empty() && files[i].size() % size == 0;
    const size_t here = several ? files[i].size() / size : 1;
    if (files[i].size() != here * size || (i > 0 && here != steps))
      throw Error(options.raw_inputs[i],
                  fmt::format("has {} bytes, input {} of the model has {}", files[i].size(), i, size),
                  "Raw inputs are the tensor's bytes, little endian");
    steps = here;
  }
  return steps;
}

void feed_raw(const Model& model, Executor& executor, const RawInputs& files, size_t step) {
  for (size_t i = 0; i < files.size(); ++i) {
    const std::span<std::byte> input = executor.bytes(model.plan.inputs[i]);
    const auto from = files[i].begin() + static_cast<std::ptrdiff_t>(step * input.size());
    std::copy(from, from + static_cast<std::ptrdiff_t>(input.size()), input.begin());
    exchange_with_file(model.graph.tensor(model.graph.inputs[i]), input);
  }
}

/// Raw bytes, one file an input.
int infer_raw(const Options& options) {
  const Model model = load(options.model);
  if (options.raw_inputs.size() != model.graph.inputs.size())
    throw Error("--raw-input",
                fmt::format("{} files for {} inputs", options.raw_inputs.size(), model.graph.inputs.size()),
                "Give one file an input, in the order that 'thaw inspect' shows");
  Executor executor(model.plan, model.layout.offsets, KernelSet::host, 0);
  RawInputs files;
  for (const std::string& file : options.raw_inputs) files.push_back(read_file(file, uint64_t{1} << 30));
  const size_t steps = raw_steps(options, model, files);
  for (size_t step = 0; step < steps; ++step) {
    feed_raw(model, executor, files, step);
    if (step + 1 < steps) executor.infer();
  }
  if (!options.dump.empty())
    run_and_dump(model, executor, options.dump);
  else
    executor.infer();
  Json outputs = Json::array();
  for (size_t i = 0; i < model.graph.outputs.size(); ++i) {
    const Tensor& tensor = model.graph.tensor(model.graph.outputs[i]);
    Json values;
    if (tensor.type == DataType::float32)
      for (float value : executor.values<float>(model.plan.outputs[i])) values.push_back(value);
    else
      for (int8_t value : executor.values<int8_t>(model.plan.outputs[i]))
        values.push_back(value + (tensor.uint8_in_file ? kUint8Offset : 0));
    outputs.push_back({{"index", tensor.file_index}, {"name", tensor.name}, {"values", values}});
  }
  if (options.json) {
    print_document({{"schema_version", 1},
                    {"model", {{"file", model.graph.file_name}, {"sha256", model.graph.sha256}}},
                    {"outputs", outputs}});
  } else {
    for (const Json& output : outputs)
      fmt::print("output {} '{}': {}\n", output["index"].get<int>(), output["name"].get<std::string>(),
                 output["values"].dump());
  }
  return kDone;
}

}  // namespace

Command add_infer(CLI::App& root) {
  auto options = std::make_shared<Options>();
  CLI::App* app = root.add_subcommand("infer", "Run a model on a data set, as TFLite Micro would");
  app->add_option("MODEL", options->model, "TFLite file, int8")->required();
  CLI::Option* data = app->add_option("DATA", options->data, kDataText);
  CLI::Option* raw = app->add_option("--raw-input", options->raw_inputs,
                                     "Feed raw bytes, one file an input, instead of DATA")
                         ->type_name("FILE");
  data->excludes(raw);
  app->add_option("--dump", options->dump,
                  "Write every activation as DIR/<tensor index>.bin (with DATA: of the first sample)")
      ->type_name("DIR");
  add_data_options(*app, options->read);
  add_common_options(*app, *options, {Flag::jobs, Flag::json, Flag::quiet});
  app->footer(
      "Examples:\n"
      "  thaw infer configs/models/reference.tflite /usr/share/datasets/fashion-mnist\n"
      "  thaw infer configs/models/reference.tflite --raw-input configs/models/reference-input.bin --dump "
      "runs/dump");
  return {app, [options] {
            if (options->data.empty() && options->raw_inputs.empty())
              throw CLI::RequiredError("DATA or --raw-input");
            return options->raw_inputs.empty() ? infer_data(*options) : infer_raw(*options);
          }};
}

}  // namespace thaw::cli
