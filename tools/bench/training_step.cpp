// Training samples a second of one job after the shared prefix is cached, and where the time goes: by kernel
// or by layer. Medians are given beside totals, because other programs disturb the totals.
//   bench_training_step MODEL DATA --schedule S [--steps N] [--layers] [--json]
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/data/dataset.h"
#include "sim/data/to_int8.h"
#include "sim/exec/host/instruction_set.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/schedule_json.h"
#include "sim/plan/training_plan.h"
#include "sim/train/trainer.h"

namespace {

using namespace thaw;
using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

Samples first_samples(const Dataset& data, const Tensor& input, int64_t count) {
  Samples samples;
  samples.count = std::min(count, data.train.count);
  samples.height = input.shape[1];
  samples.width = input.shape[2];
  samples.channels = input.shape[3];
  samples.images = to_int8(data, data.train, input.quantization);
  samples.images.resize(static_cast<size_t>(samples.count * samples.sample_bytes()));
  samples.labels.assign(data.train.labels.begin(), data.train.labels.begin() + samples.count);
  return samples;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Seconds of every sample and, where asked for, of every plan step: [step][sample].
struct Times {
  double total = 0.0;
  std::vector<double> samples;
  std::vector<std::vector<double>> steps;
};

Times train(const Network& network, const Schedule& schedule, const PrefixCache& cache,
            const Samples& samples, int64_t count, bool each_step) {
  const Plan plan = training_plan(network, schedule);
  Executor executor(plan, {}, KernelSet::host, 1);
  const size_t first = first_step_of_layer(plan, network, cache.layer);
  const LearningRate rate = quantize_learning_rate(schedule.training.learning_rate);
  Times times;
  times.steps.resize(each_step ? plan.steps.size() : 0);
  const auto start = Clock::now();
  for (int64_t i = 0; i < count; ++i) {
    const int64_t id = i % samples.count;
    const auto sample_start = Clock::now();
    load_sample(executor, cache, id, false);
    auto last = Clock::now();
    const Executor::Observer note = [&](const Step& step) {
      const auto now = Clock::now();
      times.steps[static_cast<size_t>(&step - plan.steps.data())].push_back(seconds_between(last, now));
      last = now;
    };
    executor.train_step({samples.labels[static_cast<size_t>(id)], rate, 1, static_cast<uint32_t>(i)}, first,
                        each_step ? note : nullptr);
    times.samples.push_back(seconds_between(sample_start, Clock::now()));
  }
  times.total = seconds_between(start, Clock::now());
  return times;
}

int64_t macs_from(const Plan& plan, size_t first) {
  int64_t macs = 0;
  for (size_t i = first; i < plan.steps.size(); ++i) macs += plan.steps[i].macs;
  return macs;
}

/// What a step does to the image: input gradients cost as the convolution they belong to.
std::string what_of(const Step& step) {
  std::string name = kernel_name(step.kernel);
  if (const auto* k = std::get_if<MakeGradient>(&step.kernel))
    for (const GradientSource& source : k->sources)
      if (const auto* from = std::get_if<FromConvolution>(&source.from))
        name += from->depthwise ? " of depthwise" : " of convolution";
  return name;
}

/// One line of the table: steps of the same phase and kind, or one step.
struct Share {
  std::string phase, name;
  double seconds = 0.0;  // a sample, from medians
  int64_t macs = 0;      // a sample
};

std::vector<Share> shares_of(const Plan& plan, const Times& times, bool layers) {
  std::vector<Share> shares;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    if (times.steps[i].empty()) continue;
    const Step& step = plan.steps[i];
    const Share made = {phase_name(step.phase), layers ? step.name : what_of(step), median(times.steps[i]),
                        step.macs};
    const auto same = std::find_if(shares.begin(), shares.end(), [&](const Share& s) {
      return !layers && s.phase == made.phase && s.name == made.name;
    });
    if (same == shares.end()) {
      shares.push_back(made);
    } else {
      same->seconds += made.seconds;
      same->macs += made.macs;
    }
  }
  return shares;
}

nlohmann::ordered_json document_of(const Graph& graph, const Times& times, int64_t macs, double prefix_rate,
                                   const std::vector<Share>& shares) {
  const double rate = static_cast<double>(times.samples.size()) / times.total;
  const double median_rate = 1.0 / median(times.samples);
  nlohmann::ordered_json document = {{"model", graph.file_name},
                                     {"instruction_set", instruction_set_name(instruction_set())},
                                     {"samples_per_second", rate},
                                     {"samples_per_second_of_median", median_rate},
                                     {"macs_per_sample", macs},
                                     {"macs_per_second", rate * static_cast<double>(macs)},
                                     {"prefix_images_per_second", prefix_rate}};
  double total = 0.0;
  for (const Share& share : shares) total += share.seconds;
  for (const Share& share : shares)
    document["shares"].push_back({{"phase", share.phase},
                                  {"name", share.name},
                                  {"share", share.seconds / total},
                                  {"microseconds", 1e6 * share.seconds},
                                  {"macs", share.macs}});
  return document;
}

void print(const nlohmann::ordered_json& document) {
  fmt::print(
      "{} with {}: {:.0f} training samples/s ({:.0f} by the median), {:.2f} M MACs each, {:.1f} G "
      "MACs/s; frozen prefix {:.0f} images/s\n",
      document["model"].get<std::string>(), document["instruction_set"].get<std::string>(),
      document["samples_per_second"].get<double>(), document["samples_per_second_of_median"].get<double>(),
      document["macs_per_sample"].get<double>() / 1e6, document["macs_per_second"].get<double>() / 1e9,
      document["prefix_images_per_second"].get<double>());
  fmt::print("  {:8} {:34} {:>7} {:>8} {:>9}\n", "phase", "what", "share", "us", "G MACs/s");
  for (const auto& share : document["shares"]) {
    const double microseconds = share["microseconds"].get<double>();
    fmt::print("  {:8} {:34} {:5.1f} % {:8.1f} {:9.1f}\n", share["phase"].get<std::string>(),
               share["name"].get<std::string>(), 100 * share["share"].get<double>(), microseconds,
               share["macs"].get<double>() / microseconds / 1e3);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Training samples a second of one job, one core, on a cached prefix");
  std::string model, data_path, schedule_path;
  int64_t steps = 4000, count = 256;
  bool json = false, layers = false;
  app.add_option("MODEL", model, "TFLite file")->required();
  app.add_option("DATA", data_path, "data set")->required();
  app.add_option("--schedule", schedule_path, "schedule file")->required();
  app.add_option("--steps", steps, "training steps")->capture_default_str();
  app.add_option("--samples", count, "samples to cache")->capture_default_str();
  app.add_flag("--layers", layers, "a line for each step of the plan instead of each kind of kernel");
  app.add_flag("--json", json, "print JSON");
  CLI11_PARSE(app, argc, argv);
  try {
    const Graph graph = read_tflite(std::filesystem::path(model));
    const Schedule schedule = read_schedule_file(schedule_path);
    const Network network = reduce(graph, {schedule.classes, true, true});
    const Tensor& input = graph.tensor(network.input);
    const Dataset data = read_dataset(data_path, {input.shape[1], input.shape[2], input.shape[3]});
    const Samples samples = first_samples(data, input, count);
    const size_t layer = first_updated_layer(network, schedule);
    const auto start = Clock::now();
    const PrefixCache cache = cache_prefix(network, layer, samples, false, 1);
    const double prefix_rate = static_cast<double>(samples.count) / seconds_between(start, Clock::now());
    train(network, schedule, cache, samples, steps / 10, false);  // warm-up
    const Times times = train(network, schedule, cache, samples, steps, false);
    const Times step_times = train(network, schedule, cache, samples, std::max<int64_t>(steps / 4, 1), true);
    const Plan plan = training_plan(network, schedule);
    const int64_t macs = macs_from(plan, first_step_of_layer(plan, network, layer));
    const auto document = document_of(graph, times, macs, prefix_rate, shares_of(plan, step_times, layers));
    if (json)
      fmt::print("{}\n", document.dump(2));
    else
      print(document);
  } catch (const Error& error) {
    fmt::print(stderr, "bench_training_step: {}\n", error.what());
    return 1;
  }
  return 0;
}
